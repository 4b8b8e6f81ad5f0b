"""Reads an input object ahead, as request bodies."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from tfbatch_sandbox.transform.failure import client_error
from tfbatch_sandbox.transform.records.packing import (
    filter_records,
    pack_multi,
    pack_single,
)
from tfbatch_sandbox.transform.records.splitting import LARGEST_RECORD, SPLITTERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tfbatch_sandbox.transform.job import Input
    from tfbatch_sandbox.transform.records.packing import Payload
    from tfbatch_sandbox.transform.records.processing import Processing
    from tfbatch_sandbox.transform.s3.location import Location
    from tfbatch_sandbox.transform.s3.store import Store

_GZIP: Final = 31
"""zlib's code for a gzip header and the largest window."""
_INFLATED_BYTES: Final = 1024 * 1024


def payloads(
    chunks: Iterable[bytes],
    *,
    source: Input,
    processing: Processing | None,
    is_multi: bool,
    max_bytes: int,
) -> Iterator[Payload]:
    """The bodies of one object's requests, in order.

    Args:
        chunks: the object's bytes in S3.
        source: its compression and split type.
        processing: the job's filters, if any.
        is_multi: whether a body has as many records as fit.
        max_bytes: maximum size of a body.

    Raises:
        ObjectFailure: a record is damaged or too large.
    """
    if source.compression == "Gzip":
        chunks = gunzip(chunks)
    # A filter may make a small record from a large one.
    limit = max_bytes if processing is None else LARGEST_RECORD
    records = SPLITTERS[source.split_type](chunks, limit)
    if processing is not None:
        records = filter_records(records, processing.before)
    pack = pack_multi if is_multi else pack_single
    return pack(records, max_bytes)


def read(location: Location, store: Store) -> Iterator[bytes]:
    """An object's bytes in chunks. It blocks while it waits.

    Raises:
        ObjectFailure: it can't be read.
    """
    try:
        yield from store.read(location)
    except (BotoCoreError, ClientError) as error:
        raise client_error(f"Data download failed: {error}") from error


def gunzip(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The inflated chunks, in small pieces. Several gzip members may follow one another.

    Raises:
        ObjectFailure: it isn't gzip, or ends too early.
    """
    inflater = zlib.decompressobj(_GZIP)
    is_begun = False
    for chunk in chunks:
        rest = chunk
        while rest:
            is_begun = True
            try:
                yield inflater.decompress(rest, _INFLATED_BYTES)
            except zlib.error as error:
                raise client_error(f"Decompression of gzip data failed: {error}") from error
            rest = inflater.unconsumed_tail
            if inflater.eof:
                rest, inflater = inflater.unused_data, zlib.decompressobj(_GZIP)
                is_begun = bool(rest)
    if is_begun:
        yield inflater.flush()
    if is_begun and not inflater.eof:
        raise client_error("Decompression of gzip data failed: the data ends too soon")
