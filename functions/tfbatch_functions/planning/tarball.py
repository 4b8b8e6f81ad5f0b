"""The one way to write a model's archive, and the digest of an archive that was written so.

The digest is that of the members' names and contents, which a synthesis knows without the model's
files. An archive counts only if its bytes are those that the same members always give: no other
header, order, kind of member, or data behind the last one.
"""

from __future__ import annotations

import hashlib
import tarfile
import zlib
from typing import IO, TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_GZIP = 16 + zlib.MAX_WBITS
_ZLIB_BYTES = 1 << 20
"""Bytes that are inflated at once."""


class ForeignArchiveError(ValueError):
    """The archive isn't written as the synthesis writes it."""


def entry(name: str, size: int) -> tarfile.TarInfo:
    """The header of a member: a regular file with mode 644, the time 0 and no owner."""
    header = tarfile.TarInfo(name)
    header.size = size
    header.mode = 0o644
    return header


def digest_of(members: Iterable[tuple[str, str]]) -> str:
    """SHA-256 of names and SHA-256 digests, in the order of names."""
    listing = "".join(f"{name}\0{digest}\n" for name, digest in sorted(members))
    return hashlib.sha256(listing.encode()).hexdigest()


def digest(chunks: Iterable[bytes]) -> str:
    """Read a ``model.tar.gz`` once and compute :func:`digest_of` its members.

    Raises:
        ForeignArchiveError: it isn't gzip or tar, or its bytes aren't those that its members give.
    """
    source, written = _Inflated(chunks), _Sink()
    members: dict[str, str] = {}
    try:
        with (
            tarfile.open(fileobj=_file(source), mode="r|") as found,
            tarfile.open(fileobj=_file(written), mode="w|", format=tarfile.PAX_FORMAT) as again,
        ):
            for member in found:
                contents = _Hashed(found.extractfile(member))
                again.addfile(entry(member.name, member.size), _file(contents))
                members[member.name] = contents.sha256.hexdigest()
        while source.read(_ZLIB_BYTES):
            pass
    except (tarfile.TarError, zlib.error, EOFError, OSError) as error:
        raise ForeignArchiveError(f"it can't be read as a .tar.gz: {error}") from error
    if list(members) != sorted(members) or source.sha256.digest() != written.sha256.digest():
        raise ForeignArchiveError("it was not written by a synthesis of tfbatch")
    return digest_of(members.items())


def _file(like: object) -> IO[bytes]:
    return cast("IO[bytes]", like)


class _Sink:
    """Hashes what is written."""

    def __init__(self) -> None:
        self.sha256 = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.sha256.update(data)
        return len(data)


class _Hashed:
    """Hashes what is read of a member; nothing, if it isn't a file."""

    def __init__(self, file: IO[bytes] | None) -> None:
        self.sha256 = hashlib.sha256()
        self._file = file

    def read(self, size: int) -> bytes:
        data = self._file.read(size) if self._file else b""
        self.sha256.update(data)
        return data


class _Inflated:
    """A gzip stream of one member, and a hash of what is in it."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self.sha256 = hashlib.sha256()
        self._pieces: Iterator[bytes] = _inflate(chunks)
        self._left = b""

    def read(self, size: int) -> bytes:
        while len(self._left) < size and (piece := next(self._pieces, b"")):
            self._left += piece
        data, self._left = self._left[:size], self._left[size:]
        self.sha256.update(data)
        return data


def _inflate(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield pieces that aren't empty.

    Raises:
        EOFError: the stream ends too early, or there is data behind it.
    """
    inflater: Any = zlib.decompressobj(_GZIP)
    for chunk in chunks:
        if inflater.eof:
            raise EOFError("there is data behind its end")
        rest = chunk
        while rest:
            if piece := inflater.decompress(rest, _ZLIB_BYTES):
                yield piece
            rest = inflater.unconsumed_tail
    if not inflater.eof or inflater.unused_data:
        raise EOFError("it ends too early, or has data behind its end")
