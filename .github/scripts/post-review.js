// Posts a review as one comment of its pull request, annotates its lines, and keeps a commit status
// that says whether what is destructive was accepted. The review's folder holds text that comes from
// the pull request: it is read as text and as numbers, and never run.
const fs = require('node:fs');
const path = require('node:path');

const MARK = '<!-- tfbatch review -->';
const LIMIT = 65536;
const LABEL = 'accept-destructive';
const CONTEXT = 'infrastructure review';
const BOT = 'github-actions[bot]';
const SAID = 'Destructive: set the label ' + LABEL + ' to accept';
const FAILED = 'The review failed, so nobody knows what the change does';
const ANNOTATIONS = 50; // of one request

// The commit with which a head is compared: where it left the branch that it is merged into.
async function baseOf({ github, context }) {
  const run = context.payload.workflow_run;
  if (run.event === 'merge_group') return parentOf(github, context, run.head_sha);
  const pull = await pullRequestOf(github, context, run);
  if (!pull) throw new Error(`No open pull request has ${run.head_sha} as its head any more.`);
  const basehead = `${pull.base.sha}...${run.head_sha}`;
  const { data } = await github.rest.repos.compareCommitsWithBasehead({ ...context.repo, basehead });
  return data.merge_base_commit.sha;
}

async function parentOf(github, context, ref) {
  const { data } = await github.rest.repos.getCommit({ ...context.repo, ref });
  return data.parents[0].sha;
}

async function post({ github, context, core, folder }) {
  const run = context.payload.workflow_run;
  const pull = await pullRequestOf(github, context, run);
  if (!pull) {
    core.notice(`No open pull request has ${run.head_sha} as its head any more.`);
    return;
  }
  if (!folder) return await fail(github, context, pull, run);
  const code = exitCode(read(folder, 'review.json'));
  const accepted = run.event === 'merge_group' && pull.labels.some((one) => one.name === LABEL);
  const said = code !== 4 ? 'Nothing destructive' : accepted ? 'Destructive, accepted in its pull request' : SAID;
  if (run.event !== 'merge_group') {
    await comment(github, context, pull.number, body(read(folder, 'review.md'), run));
    if (code === 4) await removeLabel(github, context, pull); // each push asks anew
    await annotate(github, context, run.head_sha, read(folder, 'review.sarif'));
  }
  await setStatus(github, context, run.head_sha, code === 4 && !accepted ? 'failure' : 'success', said);
}

async function fail(github, context, pull, run) {
  if (run.event !== 'merge_group') await comment(github, context, pull.number, body(`${FAILED}. See [the run](${run.html_url}).`, run));
  await setStatus(github, context, run.head_sha, 'failure', FAILED);
}

// The label was set or removed: what was destructive is accepted, or is no longer.
async function relabel({ github, context }) {
  const sha = context.payload.pull_request.head.sha;
  const { data } = await github.rest.repos.listCommitStatusesForRef({ ...context.repo, ref: sha });
  const last = data.find((one) => one.context === CONTEXT);
  if (!last || last.description === 'Nothing destructive' || last.description === FAILED) return;
  const accepted = context.payload.action === 'labeled';
  const said = accepted ? `Destructive, accepted by ${context.payload.sender.login}` : SAID;
  await setStatus(github, context, sha, accepted ? 'success' : 'failure', said);
}

// By what GitHub says of the run, not by what the run says of itself.
async function pullRequestOf(github, context, run) {
  if (run.event === 'merge_group') {
    const number = /\/pr-(\d+)-/.exec(run.head_branch)?.[1];
    return number ? (await github.rest.pulls.get({ ...context.repo, pull_number: Number(number) })).data : undefined;
  }
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
  const foot = `\n\n<sub>Of ${run.head_sha.slice(0, 12)}, by the reviewer of the default branch. [The whole review, as a page](${run.html_url}#artifacts)</sub>`;
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

// Warnings and errors beside the lines of the pull request, by the review's SARIF.
async function annotate(github, context, sha, text) {
  let results;
  try {
    results = JSON.parse(text).runs[0].results;
  } catch {
    return;
  }
  const annotations = results.slice(0, ANNOTATIONS).map((one) => ({
    path: String(one.locations[0].physicalLocation.artifactLocation.uri),
    start_line: Number(one.locations[0].physicalLocation.region.startLine),
    end_line: Number(one.locations[0].physicalLocation.region.startLine),
    annotation_level: one.level === 'error' ? 'failure' : 'warning',
    title: String(one.ruleId).slice(0, 255),
    message: String(one.message.text).slice(0, 4096),
  }));
  if (!annotations.length) return;
  const output = { title: `${results.length} points`, summary: 'See the comment of the review.', annotations };
  await github.rest.checks.create({ ...context.repo, name: 'infrastructure review: lines', head_sha: sha, status: 'completed', conclusion: 'neutral', output });
}

async function removeLabel(github, context, pull) {
  if (pull.labels.some((one) => one.name === LABEL)) {
    await github.rest.issues.removeLabel({ ...context.repo, issue_number: pull.number, name: LABEL });
  }
}

async function setStatus(github, context, sha, state, description) {
  await github.rest.repos.createCommitStatus({ ...context.repo, sha, state, context: CONTEXT, description: description.slice(0, 140) });
}

module.exports = { baseOf, post, relabel };
