"""Bitbucket Cloud: one comment, and a task that someone resolves to accept what is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tfbatch.review.post.api import Api, ApiError
from tfbatch.review.post.review import FAILED, Review, body, digest, said

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MARK = "[//]: # (tfbatch review "
"""A definition that no link uses: Bitbucket's Markdown has no comments."""
_LIMIT = 32_768
_TASK = "Accept what this change deletes"
_DENIED = (403, 404)


class Bitbucket:
    """The pull request of a pipeline."""

    file = "review.bitbucket.md"

    def __init__(self, variables: Mapping[str, str]) -> None:
        """Find it by the variables of Bitbucket Pipelines."""
        url = variables.get("BITBUCKET_API_URL", "https://api.bitbucket.org/2.0")
        self._api = Api(url, {"Authorization": f"Bearer {variables['INFRA_REVIEW_TOKEN']}"})
        name = variables["BITBUCKET_REPO_FULL_NAME"]
        self._request = f"/repositories/{name}/pullrequests/{variables['BITBUCKET_PR_ID']}"
        self._sha = variables["BITBUCKET_COMMIT"]
        self._target = variables["BITBUCKET_PR_DESTINATION_BRANCH"]
        number = variables["BITBUCKET_BUILD_NUMBER"]
        self._pipeline = f"https://bitbucket.org/{name}/pipelines/results/{number}"

    def post(self, review: Review) -> int:
        """Post a review. The exit code is 0 if the pull request may be merged by it."""
        request = self._api.get(self._request)
        if not self._sha.startswith(request["source"]["commit"]["hash"]):
            print(f"The pull request goes on after {self._sha}: its own pipeline reviews it.")  # noqa: T201
            return 0
        if (target := request["destination"]["branch"]["name"]) != self._target:
            text = f"{FAILED}: it now goes into {target}. Start a new pipeline."
            review = Review(code=None, text=text)
        name = digest(self._sha, self._target, review.text)
        foot = f"Of {self._sha}, which goes into {self._target}. The whole review: {self._pipeline}"
        comment = self._write(body(review, mark=f"{_MARK}{name})\n", foot=foot, limit=_LIMIT))
        accepted = self._accepted_by(comment, f"{_TASK} ({name})", review)
        return said(review, accepted, remedy="resolve the task below the review")

    def _write(self, text: str) -> int:
        """Change the earlier comment, or make one. Who imitates it can't have it changed."""
        content = {"content": {"raw": text}}
        for comment in self._api.all(f"{self._request}/comments", pagelen=100):
            if comment.get("deleted") or not comment["content"]["raw"].startswith(_MARK):
                continue
            try:
                self._api.send("PUT", f"{self._request}/comments/{comment['id']}", content)
            except ApiError as error:
                if error.status not in _DENIED:
                    raise
            else:
                return int(comment["id"])
        return int(self._api.send("POST", f"{self._request}/comments", content)["id"])

    def _accepted_by(self, comment: int, text: str, review: Review) -> str | None:
        """Who resolved the task of this review. Those of earlier reviews go."""
        tasks = list(self._tasks(comment))
        wanted = [one for one in tasks if one["content"]["raw"] == text and review.is_destructive]
        for task in tasks:
            if task not in wanted[:1]:
                self._api.send("DELETE", f"{self._request}/tasks/{task['id']}")
        if review.is_destructive and not wanted:
            task = {"content": {"raw": text}, "comment": {"id": comment}}
            self._api.send("POST", f"{self._request}/tasks", task)
        if not wanted or wanted[0]["state"] != "RESOLVED":
            return None
        return str(wanted[0]["resolved_by"]["display_name"])

    def _tasks(self, comment: int) -> Iterator[Any]:
        for task in self._api.all(f"{self._request}/tasks", pagelen=100):
            about = task.get("comment", {}).get("id")
            if about == comment and task["content"]["raw"].startswith(_TASK):
                yield task
