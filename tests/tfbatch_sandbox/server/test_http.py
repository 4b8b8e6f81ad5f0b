"""The sandbox's HTTP: one connection for many calls, whatever each leaves of its request."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING

import pytest

from tfbatch_sandbox.authorization import record
from tfbatch_sandbox.server import faults

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tfbatch_sandbox.sandbox import Sandbox

PATH = record.PATH
"""Of the sandbox's own, and what answers there reads no body."""
FAULTS = json.dumps({"requests": []}).encode()


@pytest.fixture
def connection(sandbox: Sandbox) -> Iterator[http.client.HTTPConnection]:
    made = http.client.HTTPConnection("127.0.0.1", sandbox.port, timeout=60)
    yield made
    made.close()


def _call(connection: http.client.HTTPConnection, method: str, path: str, **more: object) -> int:
    connection.request(method, path, **more)  # type: ignore[arg-type]
    reply = connection.getresponse()
    reply.read()
    assert reply.headers.get_all("x-amzn-RequestId")  # whatever it answers
    return reply.status


def test_a_connection_is_kept_for_the_next_call(connection: http.client.HTTPConnection) -> None:
    statuses = [_call(connection, "GET", PATH)]
    first = connection.sock
    statuses += [
        _call(connection, "HEAD", PATH),
        _call(connection, "GET", PATH, body=b"x" * 3_000_000),
        _call(connection, "GET", PATH, body=iter([b"in ", b"chunks"]), encode_chunked=True),
        _call(connection, "PUT", faults.PATH, body=FAULTS, headers={"Expect": "100-continue"}),
        _call(connection, "GET", PATH),
    ]
    assert statuses == [200] * 6
    assert connection.sock is first


def test_an_idle_connection_is_closed(connection: http.client.HTTPConnection) -> None:
    assert _call(connection, "GET", PATH) == 200
    assert connection.sock.recv(1) == b""  # the test's time-out is longer than the server's


def test_a_call_that_breaks_moto_is_answered(connection: http.client.HTTPConnection) -> None:
    assert _call(connection, "POST", "/bucket/key", body=b"x" * 3_000_000) == 500
    assert _call(connection, "GET", PATH) == 200


def test_who_does_not_want_it_kept_is_let_go(connection: http.client.HTTPConnection) -> None:
    assert _call(connection, "GET", PATH, headers={"Connection": "close"}) == 200
    assert connection.sock is None
