"""GitHub: one comment, a commit status that a label accepts, and annotations of lines."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfbatch.review.post.api import Api
from tfbatch.review.post.review import FAILED, Review, body

if TYPE_CHECKING:
    from collections.abc import Mapping

_MARK = "<!-- tfbatch review -->"
_LIMIT = 65_536
_LABEL = "accept-destructive"
_CONTEXT = "infrastructure review"
_BOT = "github-actions[bot]"
_FINE = "Nothing destructive"
_ASK = f"Destructive: set the label {_LABEL} to accept"
_ANNOTATIONS = 50
"""Of one request."""
_MERGE_QUEUE = "merge_group"


class GitHub:
    """The pull request of a workflow run."""

    file = "review.md"

    def __init__(self, variables: Mapping[str, str]) -> None:
        """Find it by the variables of GitHub Actions."""
        headers = {
            "Authorization": f"Bearer {variables['GITHUB_TOKEN']}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        self._api = Api(variables["GITHUB_API_URL"], headers)
        self._repository = f"/repos/{variables['GITHUB_REPOSITORY']}"
        self._event = json.loads(Path(variables["GITHUB_EVENT_PATH"]).read_text())

    def base(self) -> str:
        """The commit with which the head is compared: where it left the branch it goes into."""
        run = self._event["workflow_run"]
        if run["event"] == _MERGE_QUEUE:
            found = self._api.get(f"{self._repository}/commits/{run['head_sha']}")
            return str(found["parents"][0]["sha"])
        pull = self._pull_request(run)
        if pull is None:
            raise SystemExit(_superseded(run))
        both = f"{pull['base']['sha']}...{run['head_sha']}"
        found = self._api.get(f"{self._repository}/compare/{both}")
        return str(found["merge_base_commit"]["sha"])

    def post(self, review: Review) -> int:
        """Post a review, and set the commit status."""
        run = self._event["workflow_run"]
        pull = self._pull_request(run)
        if pull is None:
            print(_superseded(run))  # noqa: T201
            return 0
        queued = run["event"] == _MERGE_QUEUE
        labeled = any(label["name"] == _LABEL for label in pull["labels"])
        if not queued:
            self._comment(pull["number"], _with_run(review, run))
            self._annotate(run["head_sha"], review)
            if review.is_destructive and labeled:  # each push asks anew
                self._api.send(
                    "DELETE", f"{self._repository}/issues/{pull['number']}/labels/{_LABEL}"
                )
        self._set_status(run["head_sha"], *_status(review, accepted=queued and labeled))
        return 0

    def accept(self) -> int:
        """The label was set or removed: what was destructive is accepted, or is no longer."""
        sha = self._event["pull_request"]["head"]["sha"]
        statuses = self._api.all(f"{self._repository}/commits/{sha}/statuses", per_page=100)
        last = next((one for one in statuses if one["context"] == _CONTEXT), None)
        if last is None or last["description"] in (_FINE, FAILED):
            return 0
        if self._event["action"] == "labeled":
            who = self._event["sender"]["login"]
            self._set_status(sha, "success", f"Destructive, accepted by {who}")
        else:
            self._set_status(sha, "failure", _ASK)
        return 0

    def _pull_request(self, run: Mapping[str, Any]) -> Any:  # noqa: ANN401 # JSON
        """By what GitHub says of the run, not by what the run says of itself."""
        if run["event"] == _MERGE_QUEUE:
            number = re.search(r"/pr-(\d+)-", run["head_branch"])
            return self._api.get(f"{self._repository}/pulls/{number[1]}") if number else None
        head = f"{run['head_repository']['owner']['login']}:{run['head_branch']}"
        pulls = self._api.all(f"{self._repository}/pulls", head=head, state="open", per_page=100)
        return next((one for one in pulls if one["head"]["sha"] == run["head_sha"]), None)

    def _comment(self, number: int, text: str) -> None:
        comments = self._api.all(f"{self._repository}/issues/{number}/comments", per_page=100)
        mine = (
            one["id"]
            for one in comments
            if one["user"]["login"] == _BOT and one["body"].startswith(_MARK)
        )
        if (known := next(mine, None)) is not None:
            self._api.send("PATCH", f"{self._repository}/issues/comments/{known}", {"body": text})
        else:
            self._api.send("POST", f"{self._repository}/issues/{number}/comments", {"body": text})

    def _annotate(self, sha: str, review: Review) -> None:
        """Warnings and errors beside the lines of the pull request."""
        if not review.results:
            return
        output = {
            "title": f"{len(review.results)} points",
            "summary": "See the comment of the review.",
            "annotations": [_annotation(one) for one in review.results[:_ANNOTATIONS]],
        }
        check = {
            "name": f"{_CONTEXT}: lines",
            "head_sha": sha,
            "status": "completed",
            "conclusion": "neutral",
            "output": output,
        }
        self._api.send("POST", f"{self._repository}/check-runs", check)

    def _set_status(self, sha: str, state: str, description: str) -> None:
        status = {"state": state, "context": _CONTEXT, "description": description[:140]}
        self._api.send("POST", f"{self._repository}/statuses/{sha}", status)


def _status(review: Review, *, accepted: bool) -> tuple[str, str]:
    if review.code is None:
        return "failure", FAILED
    if not review.is_destructive:
        return "success", _FINE
    if accepted:
        return "success", "Destructive, accepted in its pull request"
    return "failure", _ASK


def _with_run(review: Review, run: Mapping[str, Any]) -> str:
    foot = (
        f"<sub>Of {run['head_sha'][:12]}, by the reviewer of the default branch. "
        f"[The whole review, as a page]({run['html_url']}#artifacts)</sub>"
    )
    return body(review, mark=_MARK, foot=foot, limit=_LIMIT)


def _annotation(result: Mapping[str, Any]) -> dict[str, object]:
    place = result["locations"][0]["physicalLocation"]
    line = int(place["region"]["startLine"])
    return {
        "path": str(place["artifactLocation"]["uri"]),
        "start_line": line,
        "end_line": line,
        "annotation_level": "failure" if result["level"] == "error" else "warning",
        "title": str(result["ruleId"])[:255],
        "message": str(result["message"]["text"])[:4096],
    }


def _superseded(run: Mapping[str, Any]) -> str:
    return f"No open pull request has {run['head_sha']} as its head any more."
