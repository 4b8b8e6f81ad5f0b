"""TIFF, converted to JPEG and resized. An example of a format of your own.

A model that decodes JPEG in its graph can't read TIFF, so Pillow converts it. The container has no
Pillow: ``Model(requirements=tfbatch_cdk.settings.TIFF_LOCK)`` puts it into ``code/lib``.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from tfbatch_handler import instance
from tfbatch_handler.record import BadRecord
from tfbatch_handler.signature import SignatureError

if TYPE_CHECKING:
    from types import ModuleType

    from tfbatch_handler.formats import Request
    from tfbatch_handler.record import Decoded

CONTENT_TYPES = ("image/tiff",)

LONGEST_SIDE = 512
"""Pixels: larger than the inputs of classifiers, smaller than scans."""
QUALITY = 92


def decode(payload: bytes, request: Request) -> list[Decoded]:
    """Decode one record: the first page, as a JPEG of at most ``LONGEST_SIDE`` pixels a side."""
    return [as_jpeg(payload, request, kind="TIFF")]


def as_jpeg(payload: bytes, request: Request, *, kind: str) -> Decoded:
    """Convert an image of one of Pillow's formats."""
    pillow = _pillow()
    try:
        with pillow.open(io.BytesIO(payload), formats=[kind]) as image:
            rgb = image.convert("RGB")
            rgb.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    except (OSError, ValueError, SyntaxError, pillow.DecompressionBombError) as error:
        return BadRecord(code="InvalidRecord", message=f"not a {kind}: {error}")
    jpeg = io.BytesIO()
    rgb.save(jpeg, "JPEG", quality=QUALITY)
    return instance.from_bytes(jpeg.getvalue(), request.signature)


def _pillow() -> ModuleType:
    try:
        from PIL import Image  # noqa: PLC0415  only who sends TIFF needs it
    except ImportError as error:
        raise SignatureError(
            f"image/tiff needs Pillow ({error}): set Model.requirements to "
            "tfbatch_cdk.settings.TIFF_LOCK, so that the artifact brings it in code/lib"
        ) from None
    return Image
