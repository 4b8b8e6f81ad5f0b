"""``python -m benchmarks.sandbox.memory``: the engine's memory over many objects, and a large one.

Ten thousand JPEG objects and a TFRecord object of two gigabytes each go through one job of the real
container, whose handler answers a constant. Peaks are printed, and written to docs/benchmarks.md.
"""

from __future__ import annotations

import contextlib
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Self

import click
import psutil  # type: ignore[import-untyped]

from benchmarks.sandbox import report
from benchmarks.sandbox.jobs import Jobs
from tfbatch.records import tfrecord
from tfbatch_sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

_ROOT = Path(__file__).resolve().parents[2]
_HANDLER = """
def handler(data, context):
    while data.read(65536):
        pass
    return "{}", "application/json"
"""
_RECORD_BYTES = 100_000
_LIMIT_MEGABYTES = 600
_MEGABYTE = 1_000_000


class Peak:
    """The memory of a job's engine while the block runs, in MB, without what it shares.

    Attributes:
        half: its peak in the first half of its samples.
        whole: its peak.
    """

    def __init__(self, job: str) -> None:
        self._job = job
        self.half = self.whole = 0.0

    def __enter__(self) -> Self:
        self._samples: list[float] = []
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._done.set()
        self._thread.join()
        self.half = max(self._samples[: len(self._samples) // 2])
        self.whole = max(self._samples)

    def _watch(self) -> None:
        while not self._done.wait(0.1):
            with contextlib.suppress(psutil.Error):
                self._samples += [one.memory_full_info().uss / _MEGABYTE for one in self._engines()]

    def _engines(self) -> Iterator[psutil.Process]:
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                command = " ".join(process.cmdline()).rstrip()
                if " -m tfbatch_sandbox.transform " in command and command.endswith(
                    f"/{self._job}"
                ):
                    yield process


def many_objects(jobs: Jobs, count: int) -> str:
    """A row of the table: a job over ``count`` objects of 20 kB."""
    with ThreadPoolExecutor(8) as threads:
        for number in range(count):
            threads.submit(
                jobs.s3.put_object,
                Bucket="benchmark",
                Key=f"many/{number:05d}.jpg",
                Body=number.to_bytes(4, "big") * 5_000,
            )
    return _row(jobs, f"{count:,} JPEG objects", prefix="many", kind="jpeg", outputs=count)


def one_large(jobs: Jobs, folder: Path, gigabytes: float) -> str:
    """A row of the table: a job over one TFRecord object."""
    count = int(gigabytes * 1e9 / _RECORD_BYTES)
    (folder / "large").mkdir()
    tfrecord.write(folder / "large" / "all.tfrecord", (bytes(_RECORD_BYTES) for _ in range(count)))
    jobs.upload(folder / "large", "large")
    name = f"one TFRecord object of {gigabytes:g} GB"
    return _row(jobs, name, prefix="large", kind="tfrecord", outputs=1)


def _row(jobs: Jobs, name: str, *, prefix: str, kind: str, outputs: int) -> str:
    begun = time.perf_counter()
    with Peak(prefix) as peak:
        timing = jobs.run(prefix, model="constant", prefix=prefix, kind=kind, environment={})
    kept = "✓" if timing.outputs == outputs and peak.whole < _LIMIT_MEGABYTES else "✗"
    return (
        f"| {name} | {timing.outputs:,} | {peak.half:.0f} | {peak.whole:.0f} "
        f"| {time.perf_counter() - begun:.0f} | {_LIMIT_MEGABYTES} {kept} |"
    )


@click.command()
@click.option("--objects", default=10_000, show_default=True)
@click.option("--gigabytes", default=2.0, show_default=True)
def main(*, objects: int, gigabytes: float) -> None:
    """Measure, print, and write the table."""
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        (folder / "code").mkdir()
        (folder / "code" / "inference.py").write_text(_HANDLER)
        with Sandbox.start(state_dir=folder / "state") as sandbox:
            jobs = Jobs(sandbox)
            version = _ROOT / "models" / "efficientnet-lite0" / "1"
            jobs.create_model("constant", version, folder / "code")
            rows = [many_objects(jobs, objects), one_large(jobs, folder, gigabytes)]
    header = "| input | outputs | peak MB, first half | peak MB | seconds | limit MB |"
    table = "\n".join([header, "| --- | ---: | ---: | ---: | ---: | ---: |", *rows])
    click.echo(table)
    report.write("memory", [table])


if __name__ == "__main__":
    main()
