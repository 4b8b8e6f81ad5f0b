"""Writes large objects in parts, with one part in memory, and concatenates objects."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from tfbatch_functions.s3.storage import THREADS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from concurrent.futures import Future
    from types import TracebackType

    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

    from tfbatch_functions.s3.location import Location
    from tfbatch_functions.s3.storage import Storage

SMALLEST_PART: Final = 5 * 1024 * 1024
"""Minimum size of a part of a multipart upload, except the last. There are at most 10,000 parts."""
LARGEST_PART: Final = 5 * 1024**3
_PART_BYTES: Final = 8 * 1024 * 1024
_AHEAD: Final = 4
"""Parts in flight."""


@dataclass(frozen=True, slots=True)
class Piece:
    """An object from byte ``first`` on."""

    location: Location
    size: int
    """Bytes of the object."""
    first: int = 0

    @property
    def left(self) -> int:
        """Remaining bytes of the piece."""
        return self.size - self.first


class Upload:
    """An object that exists only if its ``with`` block succeeds.

    Small objects are written at once, larger ones in parts.
    """

    def __init__(self, storage: Storage, location: Location) -> None:
        self.size = 0
        self._storage = storage
        self._location = location
        self._held = bytearray()
        self._upload_id = ""
        self._parts: list[Future[CompletedPartTypeDef]] = []
        self._threads = ThreadPoolExecutor(THREADS)

    def write(self, data: bytes) -> None:
        """Append bytes."""
        self.size += len(data)
        self._held += data
        if len(self._held) >= _PART_BYTES:
            self._send()

    def copy(self, piece: Piece) -> None:
        """Append another object. S3 copies it if it is large enough for a part."""
        if self._held and len(self._held) < SMALLEST_PART:
            piece = self._read(piece, min(SMALLEST_PART - len(self._held), piece.left))
        while piece.left >= SMALLEST_PART:
            self._send()
            piece = self._copy_part(piece)
        self._read(piece, piece.left)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._threads:
            if kind is not None:
                self._abort()
                return
            try:
                self._complete()
            except BaseException:
                self._abort()
                raise

    def _abort(self) -> None:
        """Abort the upload, because incomplete parts cost money and are invisible."""
        self._threads.shutdown(cancel_futures=True)
        if self._upload_id:
            self._storage.client.abort_multipart_upload(
                Bucket=self._location.bucket, Key=self._location.key, UploadId=self._upload_id
            )

    def _complete(self) -> None:
        if not self._upload_id:
            self._storage.put(self._location, bytes(self._held))
            return
        self._send()
        self._storage.client.complete_multipart_upload(
            Bucket=self._location.bucket,
            Key=self._location.key,
            UploadId=self._upload_id,
            MultipartUpload={"Parts": [part.result() for part in self._parts]},
        )

    def _read(self, piece: Piece, count: int) -> Piece:
        """Append the first bytes of a piece by reading them; returns the rest."""
        if count:
            for chunk in self._storage.read(
                piece.location, first=piece.first, last=piece.first + count - 1
            ):
                self.write(chunk)
        return Piece(piece.location, piece.size, piece.first + count)

    def _copy_part(self, piece: Piece) -> Piece:
        count = min(piece.left, LARGEST_PART)
        last = piece.first + count - 1
        self.size += count

        def send(number: int) -> CompletedPartTypeDef:
            reply = self._storage.client.upload_part_copy(
                Bucket=self._location.bucket,
                Key=self._location.key,
                UploadId=self._upload_id,
                PartNumber=number,
                CopySource={"Bucket": piece.location.bucket, "Key": piece.location.key},
                CopySourceRange=f"bytes={piece.first}-{last}",
            )
            return {"ETag": reply["CopyPartResult"]["ETag"], "PartNumber": number}

        self._submit(send)
        return Piece(piece.location, piece.size, last + 1)

    def _send(self) -> None:
        if not self._held:
            return
        body, self._held = bytes(self._held), bytearray()

        def send(number: int) -> CompletedPartTypeDef:
            reply = self._storage.client.upload_part(
                Bucket=self._location.bucket,
                Key=self._location.key,
                UploadId=self._upload_id,
                PartNumber=number,
                Body=body,
            )
            return {"ETag": reply["ETag"], "PartNumber": number}

        if len(self._parts) >= _AHEAD:
            self._parts[-_AHEAD].result()  # no more parts in memory than these
        self._submit(send)

    def _submit(self, send: Callable[[int], CompletedPartTypeDef]) -> None:
        if not self._upload_id:
            reply = self._storage.client.create_multipart_upload(
                Bucket=self._location.bucket, Key=self._location.key
            )
            self._upload_id = reply["UploadId"]
        self._parts.append(self._threads.submit(send, len(self._parts) + 1))


def concatenate(storage: Storage, pieces: Iterable[Piece], target: Location) -> None:
    """Write one object from many, in order."""
    with Upload(storage, target) as upload:
        for piece in pieces:
            upload.copy(piece)
