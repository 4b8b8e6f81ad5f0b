"""A request's body is all of it, however gunicorn came by it, and none of the next request."""

from __future__ import annotations

import io
import socket
import threading
from typing import TYPE_CHECKING, Any

import pytest
from gunicorn.http.body import Body, EOFReader, LengthReader
from gunicorn.http.unreader import SocketUnreader
from hypothesis import given, settings
from hypothesis import strategies as st

from tfbatch_handler.body import read

if TYPE_CHECKING:
    from collections.abc import Callable

SIZES = st.one_of(st.integers(0, 100), st.integers(0, 1_000_000))


def _served(body: bytes, then: bytes, *, ahead: int, use: Callable[[Any], bytes]) -> bytes:
    """What ``use`` makes of a body that a client sends, after gunicorn has received ``ahead``."""
    client, server = socket.socketpair()

    def send() -> None:
        client.sendall(body + then)
        client.close()

    sender = threading.Thread(target=send)
    with client, server:
        sender.start()
        unreader = SocketUnreader(server)
        if ahead:
            unreader.unread(server.recv(ahead))
        found = use(Body(LengthReader(unreader, len(body))))
        rest = unreader.buf.getvalue() + b"".join(iter(lambda: server.recv(1 << 16), b""))
        sender.join()
    assert rest == then
    return found


@settings(max_examples=50, deadline=None)
@given(size=SIZES, then=st.binary(max_size=20), ahead=st.integers(0, 8192))
def test_all_of_a_body_and_none_of_the_next_request(size: int, then: bytes, ahead: int) -> None:
    body = bytes(range(256)) * (size // 256) + bytes(size % 256)
    assert _served(body, then, ahead=ahead, use=read) == body


@pytest.mark.parametrize("first", [1, 10, 5000])
def test_a_body_of_which_some_was_read_goes_on_there(first: int) -> None:
    body = bytes(range(256)) * 100
    assert _served(body, b"", ahead=0, use=lambda data: data.read(first) + read(data)) == body


def test_a_connection_that_ends_early_gives_what_it_brought() -> None:
    client, server = socket.socketpair()
    with client, server:
        client.sendall(b"half")
        client.close()
        assert read(Body(LengthReader(SocketUnreader(server), 8))) == b"half"


def test_a_body_of_unknown_length_is_read_as_gunicorn_does() -> None:
    client, server = socket.socketpair()
    with client, server:
        client.sendall(b"all")
        client.close()
        assert read(Body(EOFReader(SocketUnreader(server)))) == b"all"
        assert read(io.BytesIO(b"bytes")) == b"bytes"
