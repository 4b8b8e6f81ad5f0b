"""Plain text: a record for each line, for a model that takes one text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfbatch_handler.fitting.error import FitError
from tfbatch_handler.instance import json_reader, takes_bytes
from tfbatch_handler.record import BadRecord
from tfbatch_handler.signature import SignatureError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tfbatch_handler.formats import Request
    from tfbatch_handler.record import Decoded

CONTENT_TYPES = ("text/plain",)


def decode(payload: bytes, request: Request) -> list[Decoded]:
    """Decode one record for each line, commas and quotes included. An empty line is a text too.

    Raises:
        SignatureError: the model takes something else than one text.
    """
    if not takes_bytes(request.signature):
        raise SignatureError(
            f"the model takes {request.signature}, not one text a record: send CSV or JSON Lines"
        )
    text = payload.decode("utf-8-sig", "surrogateescape")
    lines = text.removesuffix("\n").split("\n") if text else []
    read = json_reader(request.signature)
    return [_record(line.removesuffix("\r"), read) for line in lines]


def _record(line: str, read: Callable[[str], Decoded]) -> Decoded:
    try:
        return read(line)
    except FitError as error:
        return BadRecord(code="InvalidRecord", message=str(error))
