"""Encodes base64 with pybase64 if it is vendored, else with the standard library.

The standard library encodes 0.6 GB/s: a fifth of the CPU time of a photograph over REST.
"""

from __future__ import annotations

import binascii
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def encode(data: Any) -> bytes:  # noqa: ANN401  bytes-like
    """The base64 of ``data``, on one line."""
    return _encoder()(data)


@cache
def _encoder() -> Callable[[Any], bytes]:
    try:
        encoder: Callable[[Any], bytes] = import_module("pybase64").b64encode
    except ImportError:
        return lambda data: binascii.b2a_base64(data, newline=False)
    return encoder
