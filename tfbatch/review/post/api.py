"""Calls the REST API of a platform."""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from email.message import Message
    from http.client import HTTPResponse

_TRIES = 4
_LONGEST_WAIT = 60.0
_SECONDS = 30
_TOO_MANY = 429
_SAFE_TO_REPEAT = {"GET", "PUT", "PATCH"}
_AWAY = {502, 503, 504}
"""Statuses of a platform that is overloaded or restarts."""


class ApiError(Exception):
    """A platform refused a request."""

    def __init__(self, message: str, status: int) -> None:
        """Keep the HTTP status."""
        super().__init__(message)
        self.status = status


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect is an error: urllib would send the token along, to any host."""

    def redirect_request(self, *_: object) -> None:
        """Don't follow it."""


class Api:
    """One platform's API."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        """Create it.

        Args:
            url: the API's address, without a slash at its end.
            headers: authorization, and what else each request needs.
        """
        self._url, self._headers = url, dict(headers)
        self._opener = urllib.request.build_opener(_NoRedirects)

    def get(self, path: str, **query: object) -> Any:  # noqa: ANN401 # JSON
        """One resource."""
        return self._json(self._request("GET", self._address(path, query)))

    def all(self, path: str, **query: object) -> Iterator[Any]:
        """Every item of a list, page by page."""
        address: str | None = self._address(path, query)
        while address:
            response = self._request("GET", address)
            page = self._json(response)
            yield from page["values"] if isinstance(page, dict) else page
            address = self._next(page, response.headers)

    def send(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:  # noqa: ANN401 # JSON
        """Create, change or delete something."""
        data = None if body is None else json.dumps(body).encode()
        return self._json(self._request(method, self._address(path, {}), data))

    def _address(self, path: str, query: Mapping[str, object]) -> str:
        return f"{self._url}{path}" + (f"?{urllib.parse.urlencode(query)}" if query else "")

    def _next(self, page: Any, headers: Message) -> str | None:  # noqa: ANN401 # JSON
        """The next page: Bitbucket names it in the page, GitHub and GitLab in a header."""
        link = re.search(r'<([^>]+)>;\s*rel="next"', headers.get("Link", ""))
        address = page.get("next") if isinstance(page, dict) else link[1] if link else None
        if address and not str(address).startswith(f"{self._url}/"):
            raise ApiError(f"the next page leads to another place than {self._url}", 0)
        return address

    def _request(self, method: str, address: str, data: bytes | None = None) -> HTTPResponse:
        """Send a request, again if the platform asks for that.

        Raises:
            ApiError: the platform refused it, or can't be reached.
        """
        headers = {**self._headers, "Content-Type": "application/json", "User-Agent": "tfbatch"}
        request = urllib.request.Request(address, data, headers, method=method)  # noqa: S310 # CI names the API
        for left in reversed(range(_TRIES)):
            try:
                found: HTTPResponse = self._opener.open(request, timeout=_SECONDS)
            except urllib.error.HTTPError as error:
                if not left or not _is_temporary(error.code, method):
                    raise _refusal(error, method, address) from None
                time.sleep(_wait(error.headers.get("Retry-After"), tried=_TRIES - left))
            except OSError as error:
                raise ApiError(f"{self._url} can't be reached: {error}", 0) from None
            else:
                return found
        raise AssertionError

    def _json(self, response: HTTPResponse) -> Any:  # noqa: ANN401 # JSON
        with response:
            text = response.read()
        return json.loads(text) if text else None


def _is_temporary(status: int, method: str) -> bool:
    """Whether to try again. What creates something may have done so before it failed."""
    return status == _TOO_MANY or (status in _AWAY and method in _SAFE_TO_REPEAT)


def _wait(asked: str | None, *, tried: int) -> float:
    seconds = float(asked) if asked and asked.isdigit() else 0.5 * 2**tried
    return min(seconds, _LONGEST_WAIT)


def _refusal(error: urllib.error.HTTPError, method: str, address: str) -> ApiError:
    with error:
        said = error.read(500).decode(errors="replace")
    path = urllib.parse.urlsplit(address).path
    remedy = {
        401: " The token is missing, wrong or expired.",
        403: " The token may not do that: see docs/review.md for the rights that it needs.",
        404: " Either it doesn't exist, or the token may not see it.",
    }.get(error.code, "")
    return ApiError(f"{method} {path} ended with {error.code}.{remedy} {said}", error.code)
