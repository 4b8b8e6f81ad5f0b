"""Encoded images to send."""

from __future__ import annotations

import io

from PIL import Image


def png(red: int, green: int, blue: int) -> bytes:
    """Four pixels of one color."""
    data = io.BytesIO()
    Image.new("RGB", (2, 2), (red, green, blue)).save(data, "PNG")
    return data.getvalue()
