"""Encodes photographs as ``tf.train.Example``, with the feature names of AWS's article."""

from __future__ import annotations

import re
from contextlib import closing
from typing import TYPE_CHECKING

from tfbatch.records import example

if TYPE_CHECKING:
    from tfbatch.files.file_store import Entry, FileStore

ENCODED, FORMAT, FILENAME = "image/encoded", "image/format", "image/filename"

_WEBP = re.compile(rb"RIFF.{4}WEBP", re.DOTALL)
_KINDS = (
    (b"\xff\xd8\xff", b"jpeg"),
    (b"\x89PNG\r\n\x1a\n", b"png"),
    (b"GIF87a", b"gif"),
    (b"GIF89a", b"gif"),
    (b"BM", b"bmp"),
)
"""First bytes of files that TensorFlow's ``decode_image`` reads, and the names of the formats."""


def kind(data: bytes) -> bytes | None:
    """The format of an image by its first 12 bytes; ``None`` if it isn't one."""
    if _WEBP.match(data):
        return b"webp"
    return next((name for begin, name in _KINDS if data.startswith(begin)), None)


def read(folder: FileStore, entry: Entry) -> bytes:
    """Read a whole file."""
    with closing(folder.open(entry.name)) as stream:
        return stream.read()


def as_example(name: str, data: bytes, format_: bytes) -> list[bytes]:
    """The Example's bytes, in parts."""
    return example.parts({ENCODED: data, FORMAT: format_, FILENAME: name.encode()})
