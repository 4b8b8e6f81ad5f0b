"""Refuses requests of pages in a browser, and those that came by a name of another machine.

The server listens on 127.0.0.1, but a browser on this machine reaches it for every page that it
shows: directly, or by a name of the page's owner that now means 127.0.0.1 (DNS rebinding). No SDK
sends ``Origin`` or ``Sec-Fetch-Site``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_NAMES: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})
_BELOW: Final = ".localhost"
"""Names that always mean this machine (RFC 6761), such as a bucket's."""


def refuse(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes] | None:
    """Answer with 403 what isn't for this server; ``None``: it is."""
    because = _because(environ)
    if because is None:
        return None
    body = json.dumps({"message": f"The sandbox refuses this request: {because}."}).encode()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    start_response("403 Forbidden", headers)
    return [body]


def _because(environ: WSGIEnvironment) -> str | None:
    host = str(environ.get("HTTP_HOST", "")).lower()
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    if name and name not in _NAMES and not name.endswith(_BELOW):
        return f"its Host is {host}, and not this machine; use the address in AWS_ENDPOINT_URL"
    if "HTTP_ORIGIN" in environ:
        return f"it comes from the web page {environ['HTTP_ORIGIN']} (header Origin)"
    site = environ.get("HTTP_SEC_FETCH_SITE", "none")
    return None if site == "none" else f"it comes from a web page (header Sec-Fetch-Site: {site})"
