"""Reads an output object: how many lines it has, and which of them are the handler's errors."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_ERROR: Final = b'{"error"'
_LINE_BYTES: Final = 64 * 1024
"""What is looked at of a line: a prediction may have megabytes, an error has a sentence."""
_SPOOL_BYTES: Final = 1024 * 1024
"""What an object's errors may take of the memory."""


@dataclass(slots=True)
class Scan:
    """What an output holds."""

    lines: int
    """One for each record, errors included."""
    errors: int
    exceptions: IO[bytes]
    """A line of JSON for each error, to be read from its beginning."""


def scan(chunks: Iterable[bytes], *, key: str) -> Scan:
    """Read an output.

    Args:
        chunks: the output.
        key: of its input, named in each exception.
    """
    with ExitStack() as closing:
        found = Scan(0, 0, closing.enter_context(SpooledTemporaryFile(_SPOOL_BYTES)))
        for line in heads(chunks):
            if line.startswith(_ERROR) and (reason := error_of(line)) is not None:
                found.exceptions.write(exception(key=key, record=found.lines, reason=reason))
                found.errors += 1
            found.lines += 1
        found.exceptions.seek(0)
        closing.pop_all()  # the reader closes it
    return found


def heads(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Each line, cut to 64 KiB; a last one without a line feed counts."""
    held = bytearray()
    is_open = False
    for chunk in chunks:
        first, *rest = chunk.split(b"\n")
        held += first[: _LINE_BYTES - len(held)]
        is_open = is_open or bool(first)
        for piece in rest:
            yield bytes(held)
            held = bytearray(piece[:_LINE_BYTES])
            is_open = bool(piece)
    if is_open:
        yield bytes(held)


def error_of(line: bytes) -> str | None:
    """What a line says went wrong with its record; ``None`` of a prediction.

    The handler says ``{"error": {"code": …, "message": …, "record": …}}``; images before 2.20 put
    TensorFlow Serving's own ``{"error": "…"}`` into the output. A model may have an output of that
    name: its value is a number or an array.
    """
    try:
        document = json.loads(line)
    except ValueError:
        return line.decode("utf-8", "replace")[:500] if len(line) == _LINE_BYTES else None
    if not isinstance(document, dict) or len(document) != 1:
        return None
    error = document["error"]
    if isinstance(error, dict) and {"code", "message"} <= error.keys():
        return f"{error['code']}: {error['message']}"
    return error if isinstance(error, str) else None


def exception(*, key: str, record: int | None, reason: str) -> bytes:
    """A line of ``exceptions.jsonl``.

    Args:
        key: of the input.
        record: counted from 0; ``None`` is the whole object.
        reason: in words.
    """
    return json_line({"key": key, "record": record, "reason": reason})


def json_line(document: object) -> bytes:
    """Compact JSON and a line feed."""
    return json.dumps(document, separators=(",", ":")).encode() + b"\n"
