"""Finds the Content-Type of a file by its name or its first bytes."""

from __future__ import annotations

from pathlib import PurePosixPath

from tfbatch.terminal.problem import Problem

BY_SUFFIX = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".gif": "image/gif",
    ".bmp": "image/bmp",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".tfrecord": "application/x-tfrecord",
    ".tfrecords": "application/x-tfrecord",
    ".rec": "application/x-recordio",
    ".json": "application/json",
    ".jsonl": "application/jsonlines",
    ".ndjson": "application/jsonlines",
    ".csv": "text/csv",
    ".npy": "application/x-npy",
}
_BY_BEGINNING = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n": "image/png",
    b"GIF8": "image/gif",
    b"BM": "image/bmp",
    b"II*\x00": "image/tiff",
    b"MM\x00*": "image/tiff",
    b"\x0a\x23\xd7\xce": "application/x-recordio",
    b"\x93NUMPY": "application/x-npy",
}


def guess(name: str, content: bytes) -> str:
    """Return a file's content type.

    Raises:
        Problem: neither its name nor its content shows its type.
    """
    kind = BY_SUFFIX.get(PurePosixPath(name).suffix.lower()) or next(
        (kind for begin, kind in _BY_BEGINNING.items() if content.startswith(begin)), None
    )
    if kind is None:
        raise Problem(f"{name}: its name doesn't tell what it is; say so with --content-type.")
    return kind
