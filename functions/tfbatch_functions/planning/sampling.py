"""Finds the number of records of objects: known, from metadata, or estimated from a sample.

Without a separator, each object is one record. Otherwise a few objects are sampled. If their
metadata has ``records``, that is used; if not, the size of their first records.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tfbatch_functions.planning.sharding import Totals
    from tfbatch_functions.s3.location import Location
    from tfbatch_functions.s3.storage import Lister

UNSPLIT: Final = "None"
COUNTED: Final = "counted"
SAMPLED: Final = "sampled"
METADATA: Final = "records"
"""The metadata key with the number of records of an object."""
_HEAD_BYTES: Final = 256 * 1024
_TFRECORD: Final = struct.Struct("<Q")
_TFRECORD_FRAME: Final = 16
"""Bytes around a record: its length, and a checksum before and after it."""
_RECORDIO: Final = struct.Struct("<II")
_RECORDIO_MAGIC: Final = 0xCED7230A
_RECORDIO_LENGTH: Final = (1 << 29) - 1


def estimate_records(
    totals: Totals, *, separator: str, prefix: Location, storage: Lister
) -> tuple[int, str]:
    """Estimate the number of records, and say where it comes from.

    Args:
        totals: totals of the objects, with the sampled ones.
        separator: what separates the records of an object; in SageMaker's terms for SplitType.
        prefix: prefix of the sampled objects' names.
        storage: S3.
    """
    if separator == UNSPLIT:
        return totals.objects, COUNTED
    records, size = 0.0, 0
    for name, bytes_ in totals.samples:
        if bytes_:
            records += _records_in(prefix / name, bytes_, separator=separator, storage=storage)
            size += bytes_
    if not size:
        return totals.objects, SAMPLED
    return max(round(records / size * totals.bytes), 1), SAMPLED


def metadata_records(metadata: Mapping[str, str]) -> int | None:
    """The number of records in an object's metadata, if it is there."""
    text = metadata.get(METADATA, "")
    return int(text) if text.isascii() and text.isdigit() else None


def _records_in(location: Location, size: int, *, separator: str, storage: Lister) -> float:
    found = storage.head(location)
    told = metadata_records(found[1]) if found else None
    if told is not None:
        return told
    head = b"".join(storage.read(location, last=min(size, _HEAD_BYTES) - 1))
    length = _MEASURES[separator](head)
    return size / length if length else 1.0


def tfrecord_bytes(head: bytes) -> float | None:
    """The mean size of the first records of a TFRecord file, framing included."""
    at = count = 0
    while at + _TFRECORD.size <= len(head):
        (length,) = _TFRECORD.unpack_from(head, at)
        at += length + _TFRECORD_FRAME
        count += 1
    return at / count if count else None


def recordio_bytes(head: bytes) -> float | None:
    """The mean size of the first records of a RecordIO file, padding included."""
    at = count = 0
    while at + _RECORDIO.size <= len(head):
        magic, length = _RECORDIO.unpack_from(head, at)
        if magic != _RECORDIO_MAGIC:
            break
        at += _RECORDIO.size + -(-(length & _RECORDIO_LENGTH) // 4) * 4
        count += 1
    return at / count if count else None


def line_bytes(head: bytes) -> float | None:
    """The mean size of the first complete lines of a text."""
    count = head.count(b"\n")
    return (head.rfind(b"\n") + 1) / count if count else None


_MEASURES: Final[Mapping[str, Callable[[bytes], float | None]]] = {
    "TFRecord": tfrecord_bytes,
    "RecordIO": recordio_bytes,
    "Line": line_bytes,
}
