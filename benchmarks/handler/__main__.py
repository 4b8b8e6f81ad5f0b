"""``python -m benchmarks.handler``: our handler's CPU time per record against the article's.

Everything runs in one go, the sides in turn, and each side's fastest turn counts: another process
on the machine can only make a turn slower. The table is printed and written to
``docs/benchmarks.md``.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import document
from benchmarks.handler import payloads, report
from benchmarks.handler.load import resident_bytes
from benchmarks.handler.worker import OURS, RIVALS, Usage, Worker, running

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.handler.load import Payload

TURNS = 7
PHOTOGRAPH, THUMBNAIL, ICON = 100_000, 10_000, 1_000
ARTICLE_IMAGE, ARTICLE_TFRECORD = RIVALS / "article_image.py", RIVALS / "article_tfrecord.py"
FLOOR, WAITING_FLOOR = RIVALS / "floor.py", RIVALS / "waiting.py"
TOP_K = {"TFBATCH_OUTPUT": "top_k"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Side:
    """A handler and what it is sent."""

    name: str
    script: Path
    payload: Payload
    environment: Mapping[str, str]
    is_vendored: bool = True
    target: int | None = None
    """The rival's CPU time divided by this side's must be at least this."""


def images(size: int) -> list[Side]:
    """One image a request: the article's first job."""
    sent = payloads.image(size)
    return [
        Side(name="article", script=ARTICLE_IMAGE, payload=sent, environment={}),
        Side(name="tfbatch, raw", script=OURS, payload=sent, environment={}, target=4),
        _without("tfbatch, raw", sent, {}),
        Side(name="tfbatch, top_k", script=OURS, payload=sent, environment=TOP_K),
        Side(name="floor: reads and answers", script=FLOOR, payload=sent, environment={}),
    ]


def records(size: int) -> list[Side]:
    """TFRecord: the article sends one tf.Example a request, we send payloads of many."""
    one, many = payloads.example(size), payloads.tfrecord(size)
    return [
        Side(name="article", script=ARTICLE_TFRECORD, payload=one, environment={}),
        Side(name="tfbatch, one a request", script=OURS, payload=one, environment={}),
        Side(name="tfbatch, raw", script=OURS, payload=many, environment={}, target=8),
        Side(name="tfbatch, top_k", script=OURS, payload=many, environment=TOP_K, target=20),
        _without("tfbatch, raw", many, {}),
        _without("tfbatch, top_k", many, TOP_K),
        Side(name="floor: reads and answers", script=FLOOR, payload=many, environment={}),
    ]


def _without(name: str, payload: Payload, environment: Mapping[str, str]) -> Side:
    return Side(
        name=f"{name}, nothing vendored",
        script=OURS,
        payload=payload,
        environment=environment,
        is_vendored=False,
    )


def cpu_per_record(sides: Sequence[Side]) -> list[float]:
    """Seconds of each side's worker per record: the least of the turns."""
    least = [float("inf")] * len(sides)
    with contextlib.ExitStack() as stack:
        workers = [
            stack.enter_context(
                running(side.script, environment=side.environment, is_vendored=side.is_vendored)
            )
            for side in sides
        ]
        for turn in range(TURNS + 1):
            for index, (side, worker) in enumerate(zip(sides, workers, strict=True)):
                count = max(10, 400 // side.payload.records)
                usage = worker.send(side.payload, count=count, concurrency=8)
                if turn:  # the first warms up
                    least[index] = min(least[index], usage.cpu / side.payload.records)
    return least


def throughput(script: Path, environment: Mapping[str, str]) -> Usage:
    """What a request takes at 64 concurrent against 50 ms: the best of the turns.

    A turn is long: until the first reply, and after the last request, nothing is concurrent.
    """
    sent = payloads.image(ICON)  # so that two cores are enough for client, worker and stub
    with running(script, latency=0.05, environment=environment) as worker:
        worker.send(sent, count=500, concurrency=64)
        turns = [worker.send(sent, count=8000, concurrency=64) for _ in range(TURNS)]
    return min(turns, key=lambda usage: usage.seconds)


def concurrency() -> dict[str, Usage]:
    """Of our handler and of the floor, under both kinds of workers that the container has."""
    threads = {"SAGEMAKER_GUNICORN_WORKER_CLASS": "gthread", "SAGEMAKER_GUNICORN_THREADS": "64"}
    return {
        f"{kind}: {name}": throughput(script, environment)
        for kind, environment in (("gevent", {}), ("gthread, 64 threads", threads))
        for name, script in (("tfbatch", OURS), ("floor", WAITING_FLOOR))
    }


def growth() -> list[int]:
    """Bytes a worker holds after 10,000 and after 100,000 more requests."""
    sent = payloads.image(ICON)
    with running(OURS) as worker:
        return [_held(worker, sent, count) for count in (10_000, 50_000, 50_000)]


def _held(worker: Worker, sent: Payload, count: int) -> int:
    worker.send(sent, count=count, concurrency=16)
    return resident_bytes(worker.process)


def import_seconds() -> float:
    """CPU time to import ``inference.py`` in a bare interpreter, nothing compiled before."""
    with tempfile.TemporaryDirectory() as temporary:
        code = Path(temporary) / "code"
        shutil.copytree(OURS, code, ignore=shutil.ignore_patterns("__pycache__"))
        script = (
            f"import sys; sys.path.insert(0, {str(code)!r}); import time; t = time.process_time();"
            "import inference; print(time.process_time() - t)"
        )
        command = [sys.executable, "-I", "-S", "-B", "-c", script]
        runs = [subprocess.run(command, check=True, capture_output=True) for _ in range(9)]
    return min(float(run.stdout) for run in runs)


def main() -> None:
    """Measure, print, write."""
    sections = []
    for title, sides in (
        ("One JPEG of 100 KB a request", images(PHOTOGRAPH)),
        ("TFRecord, photographs of 100 KB", records(PHOTOGRAPH)),
        ("TFRecord, photographs of 10 KB", records(THUMBNAIL)),
    ):
        rows = zip(sides, cpu_per_record(sides), strict=True)
        entries = [(side.name, used, side.target) for side, used in rows]
        sections.append(report.comparison(title, entries))
        print(sections[-1], flush=True)
    sections.append(report.concurrency(concurrency(), ideal=64 / 0.05))
    print(sections[-1], flush=True)
    sections.append(report.process(import_seconds(), growth()))
    print(sections[-1], flush=True)
    report.write(sections)
    print(json.dumps({"written": str(document.FILE)}))


if __name__ == "__main__":
    main()
