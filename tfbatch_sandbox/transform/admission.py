"""Limits how many objects are open at a time."""

from __future__ import annotations

import asyncio
from typing import Final

_OPEN_BYTES: Final = 64 * 1024 * 1024
_ALWAYS_OPEN: Final = 2
"""The object being sent and the next one, whatever their size."""


class Admission:
    """Counts open objects and their bytes, for the task that opens them.

    Args:
        concurrency: request slots of the instance.
    """

    def __init__(self, concurrency: int) -> None:
        # Besides those being sent: some being read, some being written.
        self._most = 2 * concurrency + 8
        self._count = 0
        self._bytes = 0
        self._freed = asyncio.Event()

    async def enter(self, size: int) -> None:
        """Wait until an object of ``size`` bytes may be opened."""
        while not self._has_room(size):
            self._freed.clear()
            await self._freed.wait()
        self._count += 1
        self._bytes += size

    def leave(self, size: int) -> None:
        """Release an object's place."""
        self._count -= 1
        self._bytes -= size
        self._freed.set()

    def _has_room(self, size: int) -> bool:
        if self._count < _ALWAYS_OPEN:
            return True
        return self._count < self._most and self._bytes + size <= _OPEN_BYTES
