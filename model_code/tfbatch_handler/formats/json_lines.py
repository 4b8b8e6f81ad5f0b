"""JSON Lines: a record for each line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfbatch_handler.instance import from_json
from tfbatch_handler.record import BadRecord
from tfbatch_handler.serving.json_text import loads

if TYPE_CHECKING:
    from tfbatch_handler.formats import Request
    from tfbatch_handler.record import Decoded
    from tfbatch_handler.signature import Signature

CONTENT_TYPES = ("application/jsonlines", "application/jsons", "application/x-jsonlines")


def decode(payload: bytes, request: Request) -> list[Decoded]:
    """Decode one record for each line. An empty line between others becomes a bad record."""
    lines = payload.removesuffix(b"\n").split(b"\n") if payload else []
    return [_record(line, request.signature) for line in lines]


def _record(line: bytes, signature: Signature) -> Decoded:
    try:
        return from_json(loads(line), signature)
    except ValueError as error:
        return BadRecord(code="InvalidRecord", message=str(error))
