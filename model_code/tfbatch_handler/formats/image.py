"""One encoded image, unchanged. The model decodes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfbatch_handler import instance
from tfbatch_handler.record import BadRecord

if TYPE_CHECKING:
    from tfbatch_handler.formats import Request
    from tfbatch_handler.record import Decoded

CONTENT_TYPES = ("image/*", "application/x-image")


def decode(payload: bytes, request: Request) -> list[Decoded]:
    """One record: the payload, for a model that takes one string of bytes."""
    if not payload:
        return [BadRecord(code="InvalidRecord", message="the image is empty (0 bytes)")]
    return [instance.from_bytes(payload, request.signature)]
