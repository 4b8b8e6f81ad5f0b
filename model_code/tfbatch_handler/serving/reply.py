"""Splits TensorFlow Serving's JSON reply into one row for each record.

The reply is pretty-printed over many lines and mostly consists of numbers. If no output is a
string, white space is only layout and brackets end the rows. Two passes in C do the work, and no
number is parsed.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from tfbatch_handler.serving.json_text import dumps
from tfbatch_handler.signature import STRING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tfbatch_handler.signature import Signature

_OPEN, _CLOSE = b'{"predictions":[', b"]}"
_SPACE = b" \n\r\t"
_TOKEN = re.compile(rb"(?<=[\[:,])(-?Infinity|NaN)(?=[,\]}])")
"""TensorFlow Serving writes numbers that JSON lacks, which few parsers read."""


class ReplyError(ValueError):
    """The reply is not what TensorFlow Serving sends."""


def compact(body: bytes, signature: Signature) -> bytes:
    """A whole reply on one line. Numbers that JSON lacks become strings: ``"NaN"``."""
    if has_strings(signature):
        return dumps(_loads(body))
    return _squeezed(body)


def _squeezed(body: bytes) -> bytes:
    line = body.translate(None, _SPACE)
    return _TOKEN.sub(rb'"\1"', line) if b"N" in line or b"I" in line else line  # one byte: memchr


def _loads(body: bytes) -> Any:  # noqa: ANN401  JSON
    """Parse a reply. ``NaN`` and ``Infinity`` become strings, as in protobuf's JSON."""
    return json.loads(body, parse_constant=str)


def has_strings(signature: Signature) -> bool:
    """Whether white space in a reply may be part of a value."""
    return any(output.dtype == STRING for output in signature.outputs.values())


def rows(body: bytes, *, count: int, signature: Signature) -> Sequence[bytes]:
    """The predictions of a reply in row format, ``{"predictions": [...]}``.

    Args:
        body: the reply.
        count: number of predictions that it must have.
        signature: signature of the servable.

    Raises:
        ReplyError: the reply has something else.
    """
    if not has_strings(signature):
        line = _squeezed(body)
        if count == 1 and line.startswith(_OPEN) and line.endswith(_CLOSE):
            return [line[len(_OPEN) : -len(_CLOSE)]]
        found = _cut(line, signature)
        if len(found) == count:
            return found
    return _parsed(body, count=count)


def column_row(body: bytes, signature: Signature) -> bytes:
    """The prediction of one record in a reply in column format, ``{"outputs": …}``.

    Raises:
        ReplyError: the reply has something else.
    """
    try:
        found = _loads(body)["outputs"]
    except (ValueError, KeyError, TypeError):
        raise ReplyError(f"TensorFlow Serving's reply has no outputs: {body[:200]!r}") from None
    batched = signature.batched_outputs()
    if len(signature.outputs) == 1:
        return dumps(found[0] if batched else found)
    return dumps({name: one[0] if name in batched else one for name, one in found.items()})


def document_rows(body: bytes) -> list[bytes]:
    """The rows of a reply in any of TensorFlow Serving's formats. Columns become rows.

    Raises:
        ReplyError: the reply has none.
    """
    reply = _loads(body)
    found = reply.get("predictions", reply.get("results"))
    if found is None:
        found = _transposed(reply.get("outputs"))
    return [dumps(row) for row in found]


def _transposed(outputs: Any) -> list[Any]:  # noqa: ANN401  JSON
    if isinstance(outputs, list):
        return outputs
    if not isinstance(outputs, dict):
        raise ReplyError(f"TensorFlow Serving's reply has no outputs: {str(outputs)[:200]}")
    return [dict(zip(outputs, row, strict=True)) for row in zip(*outputs.values(), strict=True)]


def _cut(line: bytes, signature: Signature) -> list[bytes]:
    start, end = _brackets(signature)
    head, tail = _OPEN + start, end + _CLOSE
    if not (line.startswith(head) and line.endswith(tail)):
        return []
    inner = line[len(head) : len(line) - len(tail)]
    return [start + row + end for row in inner.split(end + b"," + start)]


def _brackets(signature: Signature) -> tuple[bytes, bytes]:
    """The brackets of a row: named outputs are objects, a single output is a bare value."""
    if len(signature.outputs) > 1:
        return b"{", b"}"
    shape = next(iter(signature.outputs.values())).shape
    rank = len(shape) - 1 if shape else 0
    return b"[" * rank, b"]" * rank


def _parsed(body: bytes, *, count: int) -> list[bytes]:
    try:
        found = _loads(body)["predictions"]
    except (ValueError, KeyError, TypeError):
        raise ReplyError(f"TensorFlow Serving's reply has no predictions: {body[:200]!r}") from None
    if len(found) != count:
        raise ReplyError(f"TensorFlow Serving gave {len(found)} predictions for {count} records")
    return [dumps(row) for row in found]
