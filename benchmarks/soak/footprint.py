"""What a sandbox holds at a moment: memory, open files, threads, processes, temporary files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import psutil  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from tfbatch_sandbox.sandbox import Sandbox

_MEGABYTE = 1_000_000
HEADER = """| | server MB | open files | threads | processes | temporary files |
| --- | ---: | ---: | ---: | ---: | ---: |"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Footprint:
    """A sandbox's footprint. Memory, open files and threads are its server's."""

    megabytes: float
    files: int
    threads: int
    processes: int
    temporary: int

    @classmethod
    def of(cls, sandbox: Sandbox) -> Self:
        """The footprint now."""
        server = psutil.Process(sandbox.process.pid)
        return cls(
            megabytes=server.memory_full_info().uss / _MEGABYTE,
            files=server.num_fds(),
            threads=server.num_threads(),
            processes=1 + len(server.children(recursive=True)),
            temporary=sum(one.is_file() for one in sandbox.temporary.rglob("*")),
        )

    def row(self, name: str) -> str:
        """A row of the table."""
        counts = (self.files, self.threads, self.processes, self.temporary)
        return f"| {name} | {self.megabytes:,.0f} | " + " | ".join(map(str, counts)) + " |"
