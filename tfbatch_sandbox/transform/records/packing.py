"""Packs records into request bodies: BatchStrategy, MaxPayloadInMB, InputFilter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tfbatch_sandbox.transform.failure import too_large
from tfbatch_sandbox.transform.records.splitting import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


@dataclass(frozen=True, slots=True)
class Payload:
    """The body of a request."""

    body: bytes
    records: tuple[bytes, ...]
    """Its records before any filter, without framing."""


def filter_records(records: Iterable[Record], select: Callable[[bytes], bytes]) -> Iterator[Record]:
    """Send only the selected part of each line, and keep the original."""
    for record in records:
        bare = select(record.bare)
        line_feed = record.framed[len(record.bare) :]
        yield Record(framed=bare + line_feed, bare=bare, source=record.bare)


def pack_single(records: Iterable[Record], max_bytes: int) -> Iterator[Payload]:
    """A request for each record, without its framing.

    Raises:
        ObjectFailure: a record is larger than the payload limit.
    """
    for record in records:
        yield Payload(_checked(record.bare, max_bytes), (record.source,))


def pack_multi(records: Iterable[Record], max_bytes: int) -> Iterator[Payload]:
    """As many records in a request as fit, with their framing.

    Raises:
        ObjectFailure: a record is larger than the payload limit.
    """
    packed: list[Record] = []
    size = 0
    for record in records:
        length = len(_checked(record.framed, max_bytes))
        if packed and size + length > max_bytes:
            yield _together(packed)
            packed, size = [], 0
        packed.append(record)
        size += length
    if packed:
        yield _together(packed)


def _together(records: list[Record]) -> Payload:
    return Payload(
        b"".join(record.framed for record in records), tuple(record.source for record in records)
    )


def _checked(record: bytes, max_bytes: int) -> bytes:
    if len(record) > max_bytes:
        raise too_large(max_bytes, len(record))
    return record
