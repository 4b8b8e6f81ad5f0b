"""Plain text: a record for each line, for a model that takes one text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfbatch_handler.fitting.error import FitError
from tfbatch_handler.instance import from_json, takes_bytes
from tfbatch_handler.record import BadRecord
from tfbatch_handler.signature import SignatureError

if TYPE_CHECKING:
    from tfbatch_handler.formats import Request
    from tfbatch_handler.record import Decoded
    from tfbatch_handler.signature import Signature

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
    return [_record(line.removesuffix("\r"), request.signature) for line in lines]


def _record(line: str, signature: Signature) -> Decoded:
    try:
        return from_json(line, signature)
    except FitError as error:
        return BadRecord(code="InvalidRecord", message=str(error))
