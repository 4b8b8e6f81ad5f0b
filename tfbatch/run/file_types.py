"""Detects the type of an object by its first bytes or its name, and the formats that read it."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tfbatch.records.tfrecord import masked_crc32c

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

HEAD_BYTES = 4096
"""Enough of an object to detect its type, and of a CSV for its first two rows."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """A type of objects."""

    name: str
    suffixes: tuple[str, ...]
    content_types: tuple[str, ...]
    """Content types of formats that read it, the best first; ``image/`` matches any image."""
    magic: tuple[bytes, ...] = ()
    """First bytes; of RIFF and HEIF files without their size."""


_IMAGE = ("image/*", "application/x-image", "image/")
KINDS = (
    Kind(
        name="jpeg",
        suffixes=(".jpg", ".jpeg"),
        magic=(b"\xff\xd8\xff",),
        content_types=("image/jpeg", *_IMAGE),
    ),
    Kind(
        name="png",
        suffixes=(".png",),
        magic=(b"\x89PNG\r\n",),
        content_types=("image/png", *_IMAGE),
    ),
    Kind(
        name="gif",
        suffixes=(".gif",),
        magic=(b"GIF8",),
        content_types=("image/gif", *_IMAGE),
    ),
    Kind(
        name="webp",
        suffixes=(".webp",),
        magic=(b"RIFFWEBP",),
        content_types=("image/webp", *_IMAGE),
    ),
    Kind(name="bmp", suffixes=(".bmp",), content_types=("image/bmp", *_IMAGE)),
    Kind(
        name="tiff",
        suffixes=(".tif", ".tiff"),
        magic=(b"II*\0", b"MM\0*"),
        content_types=("image/tiff",),
    ),
    Kind(
        name="heic",
        suffixes=(".heic", ".heif"),
        magic=(b"ftypheic", b"ftypheix", b"ftyphevc", b"ftypmif1"),
        content_types=("image/heic", "image/heif"),
    ),
    Kind(
        name="tfrecord",
        suffixes=(".tfrecord", ".tfrecords"),
        content_types=("application/x-tfexample", "application/x-tfrecord"),
    ),
    Kind(
        name="recordio",
        suffixes=(".rec", ".recordio"),
        magic=(b"\x0a\x23\xd7\xce",),
        content_types=("application/x-recordio",),
    ),
    Kind(
        name="npy",
        suffixes=(".npy",),
        magic=(b"\x93NUMPY",),
        content_types=("application/x-npy",),
    ),
    Kind(name="gzip", suffixes=(".gz",), magic=(b"\x1f\x8b",), content_types=()),
    Kind(
        name="jsonl",
        suffixes=(".jsonl", ".ndjson", ".jsonlines"),
        content_types=("application/jsonlines", "application/jsons", "application/json"),
    ),
    Kind(name="json", suffixes=(".json",), content_types=("application/json",)),
    Kind(name="csv", suffixes=(".csv",), content_types=("text/csv",)),
    Kind(name="text", suffixes=(".txt", ".text"), content_types=("text/plain",)),
)
_BY_NAME = {kind.name: kind for kind in KINDS}


def kind_of(name: str, head: bytes) -> Kind | None:
    """Detect the type of an object. Its bytes take precedence over its name.

    Args:
        name: with its suffix.
        head: its first :data:`HEAD_BYTES`.
    """
    if is_tfrecord(head):
        return _BY_NAME["tfrecord"]
    # A RIFF file has its size between the container's name and its content's; HEIF begins with one.
    begin = head[:4] + head[8:] if head.startswith(b"RIFF") else head
    begin = head[4:] if head[4:8] == b"ftyp" else begin
    for kind in KINDS:
        if any(begin.startswith(magic) for magic in kind.magic):
            return kind
    lower = name.lower()
    named = (kind for kind in KINDS if lower.endswith(kind.suffixes))
    # If its bytes should match and don't, its name is wrong.
    return next((kind for kind in named if not kind.magic or not head), None)


def is_tfrecord(head: bytes) -> bool:
    """Whether a file starts with a length and that length's checksum."""
    if len(head) < 12:  # noqa: PLR2004 # uint64, uint32
        return False
    (crc,) = struct.unpack_from("<I", head, 8)
    return bool(crc == masked_crc32c(head[:8]))


def formats_for(kind: Kind, formats: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The formats of a stage that read a type, the best first.

    Args:
        kind: type of the objects.
        formats: name -> parameters, as deployed.
    """
    found = (
        name
        for wanted in kind.content_types
        for name, parameters in formats.items()
        if _fits(wanted, parameters["contentType"])
    )
    return list(dict.fromkeys(found))


def names(kinds: Iterable[Kind]) -> str:
    """The names for people."""
    return ", ".join(kind.name for kind in kinds)


def _fits(wanted: str, content_type: str) -> bool:
    """``text/csv; header=present`` matches ``text/csv``."""
    bare = content_type.partition(";")[0].strip()
    return bare.startswith(wanted) if wanted.endswith("/") else bare == wanted
