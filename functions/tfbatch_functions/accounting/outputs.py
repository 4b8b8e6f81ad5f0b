"""Reads an output object: counts its lines and collects its error lines."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Final

from tfbatch_functions.accounting.record_errors import LINE_BYTES, error_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tfbatch_functions.accounting.record_errors import ErrorOf

_SPOOL_BYTES: Final = 1024 * 1024
"""Memory for an object's errors."""


@dataclass(slots=True)
class Scan:
    """The contents of an output."""

    lines: int
    """One line for each record, errors included."""
    errors: int
    exceptions: IO[bytes]
    """A JSON line for each error; read it from its start."""


def scan(
    chunks: Iterable[bytes],
    *,
    key: str,
    error_of: ErrorOf = error_of,
    line_bytes: int = LINE_BYTES,
) -> Scan:
    """Read an output.

    Args:
        chunks: the bytes of the output.
        key: key of its input, which each exception names.
        error_of: returns the error of a line, or nothing for a prediction.
        line_bytes: how much of a line ``error_of`` gets.
    """
    with ExitStack() as closing:
        found = Scan(0, 0, closing.enter_context(SpooledTemporaryFile(_SPOOL_BYTES)))
        for line in heads(chunks, line_bytes):
            if (reason := error_of(line)) is not None:
                found.exceptions.write(exception(key=key, record=found.lines, reason=reason))
                found.errors += 1
            found.lines += 1
        found.exceptions.seek(0)
        closing.pop_all()  # the reader closes it
    return found


def heads(chunks: Iterable[bytes], most: int = LINE_BYTES) -> Iterator[bytes]:
    """Yield each line, cut to ``most`` bytes, including a last one without a line feed."""
    held = bytearray()
    is_open = False
    for chunk in chunks:
        first, *rest = chunk.split(b"\n")
        held += first[: most - len(held)]
        is_open = is_open or bool(first)
        for piece in rest:
            yield bytes(held)
            held = bytearray(piece[:most])
            is_open = bool(piece)
    if is_open:
        yield bytes(held)


def exception(*, key: str, record: int | None, reason: str) -> bytes:
    """A line of ``exceptions.jsonl``.

    Args:
        key: key of the input.
        record: counted from 0; ``None`` for the whole object.
        reason: a sentence.
    """
    return json_line({"key": key, "record": record, "reason": reason})


def json_line(document: object) -> bytes:
    """Compact JSON with a line feed."""
    return json.dumps(document, separators=(",", ":")).encode() + b"\n"
