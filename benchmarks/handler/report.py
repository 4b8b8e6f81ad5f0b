"""The benchmark's tables, for the terminal and for docs/benchmarks.md."""

from __future__ import annotations

import os
import platform
from typing import TYPE_CHECKING

from benchmarks import document
from benchmarks.document import mark

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.handler.worker import Usage

_ENOUGH = 0.9

_METHOD = """## Handler

`make bench-handler`. What is counted is the CPU time of the one gunicorn worker (gevent, falcon,
the container's two log lines a request) that runs the handler, per record. The rival is the
handler that AWS's article describes: base64, `json.dumps`, `requests.post`, the reply unmodified
(for TFRecord: parsed by TensorFlow, white space removed). Behind both is a stub of TensorFlow
Serving that answers with 1,001 probabilities a record in its layout. All sides run at the same
time and are loaded in turn, through a Unix socket with a new connection per request as nginx
does; the least of seven turns counts. The floor reads the body, answers a constant, and logs the
same two lines; ours keeps the service from logging them, which is why it can come near the floor.
"Nothing vendored" is an artifact without `pybase64` and `google-crc32c` in `code/lib`; the others
have `code/lib` as it is deployed, but for this machine's Python.

Stub and client run at a higher priority where the machine permits it (`nice` -10), so that the
worker never waits for them. CPU time is the scheduler's own account of the worker's threads
(`schedstat`), to the nanosecond. For the concurrent requests the rate that the worker's CPU allows
is 1 / (CPU time per request), less the share of the clock that the worker was ready to run and
other processes had the processors, which is no fault of the handler's. The floor there waits as
long as TensorFlow Serving takes and answers a constant. Gunicorn's gthread worker, patched by
gevent as AWS's service is, accepts one connection a turn of the event loop, whatever the handler:
requests come in bunches, and between them the worker idles.
"""


def comparison(title: str, entries: Sequence[tuple[str, float, int | None]]) -> str:
    """A table of CPU time per record, relative to the first entry."""
    rival = entries[0][1]
    lines = [f"### {title}", "", "| handler | CPU µs per record | rival / this | target |"]
    lines.append("| --- | ---: | ---: | ---: |")
    for name, seconds, target in entries:
        verdict = "" if target is None else f"{target} {mark(rival / seconds >= target)}"
        lines.append(f"| {name} | {seconds * 1e6:.0f} | {rival / seconds:.1f} | {verdict} |")
    return "\n".join(lines)


def concurrency(usages: Mapping[str, Usage], *, ideal: float) -> str:
    """A table of requests per second against what they could be.

    What a worker's CPU allows is what it could do with all the time that other processes on the
    machine left it.
    """
    lines = ["### 64 concurrent requests, TensorFlow Serving takes 50 ms", ""]
    lines += ["| worker: handler | requests/s | its CPU allows | of the lower limit | target |"]
    lines += ["| --- | ---: | ---: | ---: | ---: |"]
    for name, usage in usages.items():
        rate = 1 / usage.seconds
        allowed = (1 - usage.queued / usage.seconds) / usage.cpu
        share = rate / min(ideal, allowed)
        verdict = "" if name.endswith("floor") else f"90 % {mark(share >= _ENOUGH)}"
        lines.append(f"| {name} | {rate:.0f} | {allowed:.0f} | {share:.0%} | {verdict} |")
    return "\n".join([*lines, "", f"Ideal: {ideal:.0f} requests/s a worker."])


def process(imported: float, held: Sequence[int]) -> str:
    """The worker's import time and memory."""
    sizes = " → ".join(f"{size / 1e6:.1f} MB" for size in held)
    return (
        f"Importing `inference.py` in a bare interpreter, its files not compiled before: "
        f"{imported * 1e3:.0f} ms of CPU time (target: 150). Memory of a worker after 10,000, "
        f"60,000 and 110,000 requests: {sizes}."
    )


def write(sections: Sequence[str]) -> None:
    """Write the section of docs/benchmarks.md."""
    machine = (
        f"Measured on {os.cpu_count()} cores, Python {platform.python_version()}; at its end the "
        f"machine's load was {os.getloadavg()[0]:.1f}, of which the benchmark makes up to 3."
    )
    document.write("handler", "\n\n".join([_METHOD.strip(), machine, *sections]))
