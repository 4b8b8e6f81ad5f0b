"""Cuts TensorFlow Serving's reply into one compact JSON row per record, mostly unread.

The reply is pretty-printed over many lines, and a thousand probabilities are its weight. When no
output is a string, white space can only be layout and a row's end can only be its brackets, so
two passes in C do the work and no number is parsed.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tfbatch_handler.instance import dumps
from tfbatch_handler.signature import STRING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tfbatch_handler.signature import Signature

_OPEN, _CLOSE = b'{"predictions":[', b"]}"
_SPACE = b" \n\r\t"


class ReplyError(ValueError):
    """The reply is not what TensorFlow Serving sends."""


def rows(body: bytes, *, count: int, signature: Signature) -> Sequence[bytes]:
    """The predictions of a reply in row format, ``{"predictions": [...]}``.

    Args:
        body: the reply.
        count: how many predictions it must hold.
        signature: of the servable.

    Raises:
        ReplyError: the reply holds something else.
    """
    if not any(output.dtype == STRING for output in signature.outputs.values()):
        found = _cut(body.translate(None, _SPACE), signature)
        if len(found) == count:
            return found
    return _parsed(body, count=count)


def _cut(compact: bytes, signature: Signature) -> list[bytes]:
    if not (compact.startswith(_OPEN) and compact.endswith(_CLOSE)):
        return []
    start, end = _brackets(signature)
    content = compact[len(_OPEN) : -len(_CLOSE)]
    if not (content.startswith(start) and content.endswith(end)):
        return []
    inner = content[len(start) : len(content) - len(end)]
    return [start + row + end for row in inner.split(end + b"," + start)]


def _brackets(signature: Signature) -> tuple[bytes, bytes]:
    """What begins and ends every row: named outputs are objects, a lone output stands bare."""
    if len(signature.outputs) > 1:
        return b"{", b"}"
    shape = next(iter(signature.outputs.values())).shape
    rank = len(shape) - 1 if shape else 0
    return b"[" * rank, b"]" * rank


def _parsed(body: bytes, *, count: int) -> list[bytes]:
    try:
        found = json.loads(body)["predictions"]
    except (ValueError, KeyError, TypeError):
        raise ReplyError(f"TensorFlow Serving's reply has no predictions: {body[:200]!r}") from None
    if len(found) != count:
        raise ReplyError(f"TensorFlow Serving gave {len(found)} predictions for {count} records")
    return [dumps(row) for row in found]
