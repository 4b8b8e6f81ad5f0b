"""GitLab: one thread of the merge request, which stays open until someone accepts what is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tfbatch.review.post.api import Api
from tfbatch.review.post.review import FAILED, Review, body, digest, said

if TYPE_CHECKING:
    from collections.abc import Mapping

_MARK = "<!-- tfbatch review "
_LIMIT = 1_000_000


class GitLab:
    """The merge request of a pipeline."""

    file = "review.md"

    def __init__(self, variables: Mapping[str, str]) -> None:
        """Find it by the variables of GitLab CI/CD."""
        self._api = Api(
            variables["CI_API_V4_URL"], {"PRIVATE-TOKEN": variables["INFRA_REVIEW_TOKEN"]}
        )
        number = variables["CI_MERGE_REQUEST_IID"]
        self._request = f"/projects/{variables['CI_PROJECT_ID']}/merge_requests/{number}"
        # In a pipeline of merged results CI_COMMIT_SHA is the merge.
        self._sha = (
            variables.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or variables["CI_COMMIT_SHA"]
        )
        self._target = variables["CI_MERGE_REQUEST_TARGET_BRANCH_NAME"]
        self._pipeline = variables["CI_PIPELINE_URL"]

    def post(self, review: Review) -> int:
        """Post a review. The exit code is 0 if the merge request may be merged by it."""
        request = self._api.get(self._request)
        if request["sha"] != self._sha:
            print(f"The merge request goes on after {self._sha}: its own pipeline reviews it.")  # noqa: T201
            return 0
        if request["target_branch"] != self._target:
            text = f"{FAILED}: it now goes into {request['target_branch']}. Start a new pipeline."
            review = Review(code=None, text=text)
        foot = (
            f"<sub>Of {self._sha}, which goes into {self._target}. "
            f"[The whole review, as a page]({self._pipeline})</sub>"
        )
        mark = f"{_MARK}{digest(self._sha, self._target, review.text)} -->"
        text = body(review, mark=mark, foot=foot, limit=_LIMIT)
        me = self._api.get("/user")["id"]
        thread = self._thread(me)
        # Who resolves the thread of a destructive change accepts this review, no later one.
        accepted = _accepted_by(thread, mark, me) if thread and review.is_destructive else None
        number = self._write(thread, text)
        if accepted is None:
            resolved = review.code is not None and not review.is_destructive
            self._api.send("PUT", f"{self._request}/discussions/{number}", {"resolved": resolved})
        return said(review, accepted, remedy="resolve the thread of the review")

    def _thread(self, me: int) -> Any:  # noqa: ANN401 # JSON
        """The thread that this token's own user has begun, not one that only looks like it."""
        for thread in self._api.all(f"{self._request}/discussions", per_page=100):
            first = thread["notes"][0]
            if first["author"]["id"] == me and first["body"].startswith(_MARK):
                return thread
        return None

    def _write(self, thread: Any, text: str) -> str:  # noqa: ANN401 # JSON
        if thread is None:
            made = self._api.send("POST", f"{self._request}/discussions", {"body": text})
            return str(made["id"])
        note = thread["notes"][0]["id"]
        path = f"{self._request}/discussions/{thread['id']}/notes/{note}"
        self._api.send("PUT", path, {"body": text})
        return str(thread["id"])


def _accepted_by(thread: Mapping[str, Any], mark: str, me: int) -> str | None:
    first = thread["notes"][0]
    if not first.get("resolved") or not first["body"].startswith(mark):
        return None
    who = first["resolved_by"]
    return None if who["id"] == me else str(who["username"])
