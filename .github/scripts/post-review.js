// Posts a review as one comment of its pull request, and keeps a commit status that says whether
// what is destructive was accepted. Everything in the review's folder comes from code of the pull
// request: it is read as text and as one number, and never run.
const fs = require('node:fs');
const path = require('node:path');

const MARK = '<!-- tfbatch review -->';
const LIMIT = 65536;
const LABEL = 'accept-destructive';
const CONTEXT = 'infrastructure review';
const BOT = 'github-actions[bot]';
const SAID = 'Destructive: set the label ' + LABEL + ' to accept';

async function post({ github, context, core, folder }) {
  const run = context.payload.workflow_run;
  const pull = await pullRequestOf(github, context, run);
  if (!pull) {
    core.notice(`No open pull request has ${run.head_sha} as its head any more.`);
    return;
  }
  await comment(github, context, pull.number, body(read(folder, 'review.md'), run));
  const code = exitCode(read(folder, 'review.json'));
  if (code === 4) await removeLabel(github, context, pull); // each push asks anew
  await setStatus(github, context, run.head_sha, code === 4 ? 'failure' : 'success', code === 4 ? SAID : 'Nothing destructive');
}

// The label was set or removed: what was destructive is accepted, or is no longer.
async function relabel({ github, context }) {
  const sha = context.payload.pull_request.head.sha;
  const { data } = await github.rest.repos.listCommitStatusesForRef({ ...context.repo, ref: sha });
  const last = data.find((one) => one.context === CONTEXT);
  if (!last || last.description === 'Nothing destructive') return;
  const accepted = context.payload.action === 'labeled';
  const said = accepted ? `Destructive, accepted by ${context.payload.sender.login}` : SAID;
  await setStatus(github, context, sha, accepted ? 'success' : 'failure', said);
}

// By what GitHub says of the run, not by what the run says of itself.
async function pullRequestOf(github, context, run) {
  const head = `${run.head_repository.owner.login}:${run.head_branch}`;
  const { data } = await github.rest.pulls.list({ ...context.repo, head, state: 'open' });
  return data.find((one) => one.head.sha === run.head_sha);
}

function read(folder, name) {
  const file = path.join(folder, name);
  const stat = fs.lstatSync(file);
  if (!stat.isFile() || stat.size > 4 * LIMIT * 16) throw new Error(`${name} is no review`);
  return fs.readFileSync(file, 'utf8');
}

// A review mentions nobody, and says where the rest of it is.
function body(text, run) {
  const quiet = text.replaceAll(MARK, '').replace(/@(?=[A-Za-z0-9])/g, '@\u200b').trim();
  const foot = `\n\n<sub>Built by the code of ${run.head_sha.slice(0, 12)} itself. [The whole review, as a page](${run.html_url}#artifacts)</sub>`;
  const room = LIMIT - MARK.length - foot.length - 1;
  const whole = quiet.length <= room ? quiet : 'The review is longer than a comment may be.';
  return `${MARK}\n${whole}${foot}`;
}

// What can't be read, or isn't an exit code, counts as destructive.
function exitCode(text) {
  try {
    const code = JSON.parse(text).exit_code;
    return [0, 3, 4].includes(code) ? code : 4;
  } catch {
    return 4;
  }
}

async function comment(github, context, number, text) {
  const all = await github.paginate(github.rest.issues.listComments, { ...context.repo, issue_number: number, per_page: 100 });
  const mine = all.find((one) => one.user.login === BOT && one.body.startsWith(MARK));
  if (mine) await github.rest.issues.updateComment({ ...context.repo, comment_id: mine.id, body: text });
  else await github.rest.issues.createComment({ ...context.repo, issue_number: number, body: text });
}

async function removeLabel(github, context, pull) {
  if (pull.labels.some((one) => one.name === LABEL)) {
    await github.rest.issues.removeLabel({ ...context.repo, issue_number: pull.number, name: LABEL });
  }
}

async function setStatus(github, context, sha, state, description) {
  await github.rest.repos.createCommitStatus({ ...context.repo, sha, state, context: CONTEXT, description: description.slice(0, 140) });
}

module.exports = { post, relabel };
