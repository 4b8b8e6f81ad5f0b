"""The process of a production variant, and requests to its container."""

from __future__ import annotations

import http.client
import socket
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tfbatch_sandbox.processes import supervision
from tfbatch_sandbox.server.faults import INTERNAL_ERROR
from tfbatch_sandbox.services import process_events

if TYPE_CHECKING:
    from collections.abc import Mapping

ANSWER_SECONDS = 60.0
"""Seconds in which a container must answer InvokeEndpoint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A container's response."""

    status: int
    headers: Mapping[str, str]
    """Lower-case names."""
    body: bytes


class Host:
    """A variant's process, watched by a thread."""

    def __init__(self, process: supervision.Process) -> None:
        self._process = process
        self._where: int | str | None = None
        self._reason: str | None = None
        self._known = threading.Event()
        threading.Thread(target=self._follow, daemon=True).start()

    def wait(self) -> str | None:
        """Wait until the container is healthy, or return why it never will be."""
        self._known.wait()
        return self._reason

    def stop(self) -> None:
        """Stop the container and its process. A second call does nothing."""
        supervision.stop(self._process)

    def post(self, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Send a request to the container.

        Raises:
            TimeoutError: there was no answer in time.
            OSError: nothing listens, or the connection failed.
        """
        connection = _connection(self._where)
        try:
            connection.request("POST", "/invocations", body, dict(headers))
            reply = connection.getresponse()
            named = {name.lower(): value for name, value in reply.getheaders()}
            return Reply(status=reply.status, headers=named, body=reply.read())
        except http.client.HTTPException as error:
            raise ConnectionError(str(error)) from error
        finally:
            connection.close()

    def _follow(self) -> None:
        for event in process_events.read(self._process):
            self._take(event)
        if self._where is None and self._reason is None:
            self._reason = INTERNAL_ERROR
        self._known.set()
        supervision.stop(self._process)  # anything left in its session

    def _take(self, event: Mapping[str, Any]) -> None:
        if event["event"] == "healthy":
            self._where = event.get("port") or event["socket"]
            self._known.set()
        else:
            self._reason = event["reason"]


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket, for a container without a network."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=ANSWER_SECONDS)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(ANSWER_SECONDS)
        self.sock.connect(self._path)


def _connection(where: int | str | None) -> http.client.HTTPConnection:
    if isinstance(where, str):
        return _UnixConnection(where)
    return http.client.HTTPConnection("127.0.0.1", where, timeout=ANSWER_SECONDS)
