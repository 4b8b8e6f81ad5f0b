"""HEIC and HEIF, as phones write them, converted to JPEG and resized like TIFF.

``Model(requirements=tfbatch_cdk.settings.HEIC_LOCK)`` puts Pillow and pi-heif into ``code/lib``.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from tfbatch_handler.formats.tiff import as_jpeg
from tfbatch_handler.signature import SignatureError

if TYPE_CHECKING:
    from tfbatch_handler.formats import Request
    from tfbatch_handler.record import Decoded

CONTENT_TYPES = ("image/heic", "image/heif")


def decode(payload: bytes, request: Request) -> list[Decoded]:
    """Decode one record: the first image, turned as the file says, as a JPEG."""
    _register()
    return [as_jpeg(payload, request, kind="HEIF")]


@cache
def _register() -> None:
    """Teach Pillow the format."""
    try:
        import_module("pi_heif").register_heif_opener()
    except ImportError as error:
        raise SignatureError(
            f"image/heic needs pi-heif ({error}): set Model.requirements to "
            "tfbatch_cdk.settings.HEIC_LOCK, so that the artifact brings it in code/lib"
        ) from None
