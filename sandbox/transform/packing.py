"""Records to request bodies: ``BatchStrategy`` and ``MaxPayloadInMB``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.transform.failure import client_error

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sandbox.transform.splitting import Record


def pack_single(records: Iterable[Record], max_bytes: int) -> Iterator[bytes]:
    """A request for each record, without its framing.

    Raises:
        ObjectFailure: a record is larger than a payload may be.
    """
    for record in records:
        yield _checked(record.bare, max_bytes)


def pack_multi(records: Iterable[Record], max_bytes: int) -> Iterator[bytes]:
    """As many records in a request as fit, framing kept.

    Raises:
        ObjectFailure: a record is larger than a payload may be.
    """
    packed: list[bytes] = []
    size = 0
    for record in records:
        framed = _checked(record.framed, max_bytes)
        if packed and size + len(framed) > max_bytes:
            yield b"".join(packed)
            packed, size = [], 0
        packed.append(framed)
        size += len(framed)
    if packed:
        yield b"".join(packed)


def _checked(record: bytes, max_bytes: int) -> bytes:
    if len(record) > max_bytes:
        raise client_error(
            "Too much data for max payload size",
            f"a record of {len(record)} bytes does not fit in MaxPayloadInMB ({max_bytes} bytes)",
        )
    return record
