"""Writes an output object in the background."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tfbatch_sandbox.transform.s3.store import PART_BYTES

if TYPE_CHECKING:
    from tfbatch_sandbox.transform.s3.location import Location
    from tfbatch_sandbox.transform.s3.store import MultipartUpload, Store
    from tfbatch_sandbox.transform.s3.transfer import Transfer


class Writer:
    """Collects parts. A small object is written at once when it is complete.

    Args:
        store: for large objects.
        transfer: for small objects.
        location: bucket and key.
        kms_key_id: ``TransformOutput.KmsKeyId``.
    """

    def __init__(
        self, store: Store, transfer: Transfer, location: Location, kms_key_id: str | None
    ) -> None:
        self._store = store
        self._transfer = transfer
        self._location = location
        self._kms_key_id = kms_key_id
        self._held = bytearray()
        self._upload: MultipartUpload | None = None

    async def write(self, *pieces: bytes) -> None:
        """Append bytes."""
        for piece in pieces:
            self._held += piece
        if len(self._held) >= PART_BYTES:
            await self._send_part()

    async def complete(self) -> None:
        """Make the object visible."""
        if self._upload is not None:
            await self._send_part()
            await asyncio.to_thread(self._upload.complete)
        elif self._kms_key_id is None:
            await self._transfer.put(self._location, bytes(self._held))
        else:
            await asyncio.to_thread(
                self._store.put, self._location, bytes(self._held), self._kms_key_id
            )

    async def abort(self) -> None:
        """Remove everything written."""
        if self._upload is not None:
            await asyncio.to_thread(self._upload.abort)

    async def _send_part(self) -> None:
        if not self._held:
            return
        if self._upload is None:
            self._upload = await asyncio.to_thread(
                self._store.start_upload, self._location, self._kms_key_id
            )
        part, self._held = bytes(self._held), bytearray()
        await asyncio.to_thread(self._upload.add, part)
