"""Sends payloads as the container's nginx does: a new connection to gunicorn's socket for each."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Payload:
    """What is sent, and how many records it holds."""

    kind: str
    body: bytes
    records: int = 1

    @property
    def request(self) -> bytes:
        """The HTTP request."""
        head = f"Host: x\r\nContent-Type: {self.kind}\r\nContent-Length: {len(self.body)}\r\n\r\n"
        return b"POST /invocations HTTP/1.0\r\n" + head.encode() + self.body


async def exchange(address: Path, request: bytes) -> bytes:
    """One request and its reply's body.

    Raises:
        RuntimeError: the reply is not 200.
    """
    reader, writer = await asyncio.open_unix_connection(str(address), limit=1 << 20)
    writer.write(request)
    reply = await reader.read()
    writer.close()
    head, _, body = reply.partition(b"\r\n\r\n")
    if head[9:12] != b"200":
        raise RuntimeError(reply[:500].decode("utf-8", "replace"))
    return body


async def send(address: Path, payload: Payload, *, count: int, concurrency: int) -> float:
    """Send a payload ``count`` times, ``concurrency`` at a time; the seconds it took."""
    request, turns = payload.request, iter(range(count))

    async def sender() -> None:
        for _ in turns:
            await exchange(address, request)

    started = time.perf_counter()
    await asyncio.gather(*(sender() for _ in range(concurrency)))
    return time.perf_counter() - started


@dataclass(frozen=True, kw_only=True, slots=True)
class CpuTime:
    """Of all threads of a process, in seconds since it began, to the nanosecond."""

    used: float
    queued: float
    """Ready to run while the processors were with others."""

    @classmethod
    def of(cls, process: int) -> CpuTime:
        """Read it from the scheduler."""
        tasks = Path(f"/proc/{process}/task").iterdir()
        stats = [(task / "schedstat").read_text().split() for task in tasks]
        used, queued = (sum(int(stat[column]) for stat in stats) / 1e9 for column in (0, 1))
        return cls(used=used, queued=queued)


def resident_bytes(process: int) -> int:
    """What a process holds in memory."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * 4096
