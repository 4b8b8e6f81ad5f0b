// Runs the posting script against a stand-in for GitHub that keeps what it is told, and prints that.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const { post, relabel } = createRequire(import.meta.url)('../../../.github/scripts/post-review.js');
const { folder, kept, event } = JSON.parse(readFileSync(0, 'utf8'));
const answer = (data) => Promise.resolve({ data });
const github = {
  paginate: (list, options) => list(options).then(({ data }) => data),
  rest: {
    pulls: { list: () => answer(kept.pulls), get: () => answer(kept.pulls[0]) },
    checks: { create: (check) => answer((kept.checks ??= []).push(check)) },
    issues: {
      listComments: () => answer(kept.comments),
      createComment: ({ body }) => answer(kept.comments.push({ id: 9, user: { login: 'github-actions[bot]' }, body })),
      updateComment: ({ comment_id: id, body }) => answer((kept.comments.find((one) => one.id === id).body = body)),
      removeLabel: ({ name }) => answer((kept.pulls[0].labels = kept.pulls[0].labels.filter((one) => one.name !== name))),
    },
    repos: {
      createCommitStatus: (status) => answer(kept.statuses.unshift(status)),
      listCommitStatusesForRef: () => answer(kept.statuses),
    },
  },
};
const context = { repo: { owner: 'o', repo: 'r' }, payload: event };
if (event.workflow_run) await post({ github, context, core: { notice: () => {} }, folder });
else await relabel({ github, context });
console.log(JSON.stringify(kept));
