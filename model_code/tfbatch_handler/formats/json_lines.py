"""JSON Lines: a record for each line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tfbatch_handler.record import BadRecord
from tfbatch_handler.serving.json_text import dumps

if TYPE_CHECKING:
    from tfbatch_handler.formats import Request
    from tfbatch_handler.record import Decoded

CONTENT_TYPES = ("application/jsonlines", "application/jsons", "application/x-jsonlines")


def decode(payload: bytes, request: Request) -> list[Decoded]:  # noqa: ARG001  every format's
    """Decode one record for each line. An empty line between others becomes a bad record."""
    lines = payload.removesuffix(b"\n").split(b"\n") if payload else []
    return [_record(line) for line in lines]


def _record(line: bytes) -> Decoded:
    try:
        return dumps(json.loads(line))
    except ValueError as error:
        return BadRecord(code="InvalidRecord", message=f"not JSON: {error}")
