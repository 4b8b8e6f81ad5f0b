"""A buffered view of a stream that can be read again from a position."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfbatch.files.file_store import Readable

_CHUNK_BYTES = 4 * 1024 * 1024


@dataclass(slots=True)
class Window:
    """The bytes that were read and are still needed."""

    stream: Readable
    held: bytes = b""
    start: int = 0
    """Index of the position in ``held``."""
    before: int = 0
    """Bytes of the stream before ``held``."""

    @property
    def position(self) -> int:
        """Position in the stream, from 0."""
        return self.before + self.start

    @property
    def at_hand(self) -> int:
        """Bytes held from the position on."""
        return len(self.held) - self.start

    def reach(self, size: int) -> int:
        """Hold ``size`` bytes from the position on, or all that are left; returns how many."""
        if len(self.held) - self.start >= size:
            return size
        pieces, have = [self.held[self.start :]], self.at_hand
        while have < size and (piece := self.stream.read(min(size - have + _CHUNK_BYTES, _LARGE))):
            pieces.append(piece)
            have += len(piece)
        self.before += self.start
        self.held, self.start = b"".join(pieces), 0
        return min(size, have)

    def skip(self, size: int) -> None:
        """Move the position within the held bytes."""
        self.start += size


_LARGE = 64 * 1024 * 1024
"""Bytes read at a time, so that a wrong length doesn't reserve memory."""
