"""Stand-ins for the platforms' APIs on this machine, as their documentation has them.

Each checks the token, cuts lists into pages of two, limits comments, and lets only their authors
change them. Sources: docs.github.com/rest (issues, checks, statuses), docs.gitlab.com/api
(discussions), developer.atlassian.com/cloud/bitbucket/rest (pull requests, tasks).
"""

from __future__ import annotations

import json
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "a-token"  # noqa: S105 # of no platform
PAGE = 2
SHA = "a" * 40
Json = Any


class Refused(Exception):  # noqa: N818 # an answer
    """An answer that is no success."""

    def __init__(self, status: int, text: str = "") -> None:
        super().__init__(text)
        self.status = status


class Platform:
    """What a platform knows; a subclass answers requests."""

    header: ClassVar[tuple[str, str]]
    limit: ClassVar[int]

    def __init__(self) -> None:
        self.url = ""
        self.failures: list[int] = []
        """Statuses of the next requests, before the platform answers them."""
        self.broken = ""
        """A method that always fails."""
        self.requests: list[str] = []

    def answer(self, method: str, path: str, body: Json) -> Json:
        raise NotImplementedError

    def page(self, items: list[Any], number: int, address: str) -> tuple[Any, dict[str, str]]:
        """A page in a list, and the headers: GitHub and GitLab name the next one there."""
        start = (number - 1) * PAGE
        more = {"Link": f'<{address}&page={number + 1}>; rel="next"'}
        return items[start : start + PAGE], more if len(items) > start + PAGE else {}

    def check(self, text: str) -> None:
        if not text or len(text) > self.limit:
            raise Refused(422, "Body is too long")


class GitHub(Platform):
    header = ("Authorization", f"Bearer {TOKEN}")
    limit = 65_536

    def __init__(self) -> None:
        super().__init__()
        me = {"login": "github-actions[bot]"}
        self.me = me
        self.labels = [{"name": "accept-destructive"}]
        self.comments: list[Any] = [
            {"id": 1, "user": {"login": "me"}, "body": "<!-- tfbatch review --> I am the review!"},
            {"id": 2, "user": me, "body": "Coverage"},
            {"id": 3, "user": {"login": "me"}, "body": "Fine"},
        ]
        self.statuses: list[Any] = []
        self.checks: list[Any] = []

    def answer(self, method: str, path: str, body: Json) -> Json:
        pull = {"number": 7, "head": {"sha": SHA}, "base": {"sha": "b" * 40}, "labels": self.labels}
        match method, path.removeprefix("/repos/o/r"):
            case "GET", "/pulls":
                return [{**pull, "number": 6, "head": {"sha": "c" * 40}}] * 2 + [pull]
            case "GET", "/pulls/7":
                return pull
            case "GET", found if found.startswith("/compare/"):
                assert found == f"/compare/{'b' * 40}...{SHA}"
                return {"merge_base_commit": {"sha": "d" * 40}}
            case "GET", "/issues/7/comments":
                return self.comments
            case "POST", "/issues/7/comments":
                self.check(body["body"])
                self.comments.append({"id": 9, "user": self.me, **body})
            case "PATCH", found if number := re.fullmatch(r"/issues/comments/(\d+)", found):
                self.check(body["body"])
                (one,) = [one for one in self.comments if one["id"] == int(number[1])]
                one.update(body)
            case "DELETE", "/issues/7/labels/accept-destructive":
                self.labels.clear()
            case _:
                return self._about_the_commit(method, path.removeprefix("/repos/o/r"), body)
        return {}

    def _about_the_commit(self, method: str, path: str, body: Json) -> Json:
        if (method, path) == ("POST", "/check-runs"):
            self.checks.append(body)
        elif (method, path) == ("POST", f"/statuses/{SHA}"):
            self.statuses.insert(0, body)
        elif (method, path) == ("GET", f"/commits/{SHA}/statuses"):
            return self.statuses
        else:
            raise Refused(404)
        return {}


class GitLab(Platform):
    header = ("PRIVATE-TOKEN", TOKEN)
    limit = 1_000_000
    me: ClassVar = {"id": 5, "username": "project_5_bot"}

    def __init__(self) -> None:
        super().__init__()
        self.request = {"sha": SHA, "target_branch": "main"}
        other = {"id": 8, "username": "someone"}
        self.threads: list[Any] = [
            _thread("x", other, "<!-- tfbatch review 0123 --> I am the review!"),
            _thread("y", self.me, "Coverage"),
        ]

    def answer(self, method: str, path: str, body: Json) -> Json:
        request = "/projects/1/merge_requests/7"
        match method, path.removeprefix(request):
            case "GET", "":
                return self.request
            case "GET", "/user":
                return self.me
            case "GET", "/discussions":
                return self.threads
            case "POST", "/discussions":
                self.check(body["body"])
                self.threads.append(_thread("z", self.me, body["body"]))
                return self.threads[-1]
            case "PUT", "/discussions/z/notes/1":
                self.check(body["body"])
                self.threads[-1]["notes"][0].update(body)
            case "PUT", "/discussions/z":
                self.resolve(self.me, resolved=body["resolved"])
            case _:
                raise Refused(404)
        return {}

    def resolve(self, who: Json, *, resolved: bool = True) -> None:
        note = self.threads[-1]["notes"][0]
        note.update(resolved=resolved, resolved_by=who if resolved else None)


def _thread(name: str, author: Json, text: str) -> dict[str, Any]:
    note = {"id": 1, "author": author, "body": text, "resolved": False, "resolved_by": None}
    return {"id": name, "notes": [note]}


class Bitbucket(Platform):
    header = ("Authorization", f"Bearer {TOKEN}")
    limit = 32_768

    def __init__(self) -> None:
        super().__init__()
        self.target = "main"
        self.comments: list[Any] = [
            _comment(1, "someone", "[//]: # (tfbatch review 0123)\nI am the review!"),
            _comment(2, "bot", "Coverage"),
            _comment(3, "bot", "[//]: # (tfbatch review 4567)\n") | {"deleted": True},
        ]
        self.tasks: list[Any] = [{"id": 1, "content": {"raw": "Typo"}, "state": "UNRESOLVED"}]

    def page(self, items: list[Any], number: int, address: str) -> tuple[Any, dict[str, str]]:
        found, more = super().page(items, number, address)
        nearby = {"next": f"{address}&page={number + 1}"} if more else {}
        return {"values": found, "pagelen": PAGE, **nearby}, {}

    def answer(self, method: str, path: str, body: Json) -> Json:
        found = re.search(r"/(\d+)$", path)
        number = int(found[1]) if found else 0
        match method, re.sub(r"/\d+$", "/N", path.removeprefix("/repositories/o/r/pullrequests/7")):
            case "GET", "":
                source = {"commit": {"hash": SHA[:12]}}
                return {"source": source, "destination": {"branch": {"name": self.target}}}
            case "GET", "/comments":
                return self.comments
            case "POST", "/comments":
                self.check(body["content"]["raw"])
                self.comments.append(_comment(9, "bot", body["content"]["raw"]))
                return self.comments[-1]
            case "PUT", "/comments/N":
                self.check(body["content"]["raw"])
                (one,) = [one for one in self.comments if one["id"] == number]
                if one["user"] != {"nickname": "bot"}:
                    raise Refused(403, "You may not edit this comment")
                one.update(body)
            case "GET", "/tasks":
                return self.tasks
            case "POST", "/tasks":
                self.tasks.append({"id": len(self.tasks) + 2, "state": "UNRESOLVED", **body})
            case "DELETE", "/tasks/N":
                self.tasks = [one for one in self.tasks if one["id"] != number]
            case _:
                raise Refused(404)
        return {}

    def resolve(self, who: str) -> None:
        self.tasks[-1].update(state="RESOLVED", resolved_by={"display_name": who})


def _comment(number: int, author: str, text: str) -> dict[str, Any]:
    user = {"nickname": author}
    return {"id": number, "user": user, "content": {"raw": text}, "deleted": False}


@contextmanager
def served(platform: Platform) -> Iterator[None]:
    """Serve a platform's API on this machine."""

    class Handler(BaseHTTPRequestHandler):
        def _do(self) -> None:
            try:
                status, content, headers = 200, *self._answer()
            except Refused as refused:
                status, content, headers = refused.status, {"message": str(refused)}, {}
                headers["Retry-After"] = "0"
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(json.dumps(content).encode())

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _do  # noqa: N815 # http.server's names

        def _answer(self) -> tuple[Any, dict[str, str]]:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            platform.requests.append(f"{self.command} {self.path}")
            if self.headers.get(platform.header[0]) != platform.header[1]:
                raise Refused(401, "Unauthorized")
            if platform.failures:
                raise Refused(platform.failures.pop(0))
            if self.command == platform.broken:
                raise Refused(502)
            split = urlsplit(self.path)
            found = platform.answer(self.command, split.path, json.loads(body or "null"))
            if not isinstance(found, list):
                return found, {}
            number = int(parse_qs(split.query).get("page", ["1"])[0])
            address = re.sub("&page=.*", "", f"{platform.url}{self.path}")
            return platform.page(found, number, address)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        platform.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield
        finally:
            server.shutdown()
