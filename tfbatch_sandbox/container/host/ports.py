"""Finds blocks of free ports."""

from __future__ import annotations

import contextlib
import random
import socket
from typing import Final

_LOWEST: Final = 10_000
_HIGHEST: Final = 32_000
"""Below the system's ports for outgoing connections."""
_TRIES: Final = 200


def free_block(count: int) -> int:
    """The first of ``count`` consecutive free ports.

    Raises:
        OSError: none was found.
    """
    for _ in range(_TRIES):
        first = random.randrange(_LOWEST, _HIGHEST - count)  # noqa: S311 (spreads, keeps no secret)
        if all(_is_free(port) for port in range(first, first + count)):
            return first
    raise OSError(f"no {count} free ports in a row between {_LOWEST} and {_HIGHEST}")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return True
    return False
