"""JSON Lines: a record for each line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfbatch_handler.formats.json_document import value_reader
from tfbatch_handler.record import BadRecord
from tfbatch_handler.serving.json_text import loads

if TYPE_CHECKING:
    from tfbatch_handler.formats import Request
    from tfbatch_handler.record import Decoded, Keyed

CONTENT_TYPES = ("application/jsonlines", "application/jsons", "application/x-jsonlines")


def decode(payload: bytes, request: Request) -> list[Decoded | Keyed]:
    """Decode one record for each line. An empty line between others becomes a bad record."""
    lines = payload.removesuffix(b"\n").split(b"\n") if payload else []
    read = value_reader(request)

    def record(line: bytes) -> Decoded | Keyed:
        try:
            value = loads(line)
        except ValueError as error:
            return request.keyed({}, BadRecord(code="InvalidRecord", message=str(error)))
        return read(value)

    return list(map(record, lines))
