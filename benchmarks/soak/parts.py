"""The parts of the soak. Each starts a sandbox, and says what it holds and what was lost."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.sandbox.jobs import Jobs
from benchmarks.soak import footprint
from benchmarks.soak.app import OBJECTS_PER_SHARD
from benchmarks.soak.footprint import Footprint
from benchmarks.soak.workflow import deployed
from tests.paths import REPOSITORY
from tfbatch_sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from benchmarks.soak.workflow import Run

_AT_ONCE: Final = 50
_FIRST: Final = 10
_TOLD_EVERY: Final = 25
_SETTLED_SECONDS: Final = 75
"""Connections are closed ten seconds after their last request, functions' processes a minute."""
_HANDLER: Final = """
def handler(data, context):
    data.read()
    return "{}", "application/json"
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """What a part found."""

    text: str
    """Its table and sentences, in Markdown."""
    is_lost: bool
    """Whether something ended wrong, or was not accounted for."""


def jobs(count: int) -> Result:
    """Transform jobs of the real engine and container over a tiny model."""
    with tempfile.TemporaryDirectory(prefix="soak-") as name:
        folder = Path(name)
        export = [sys.executable, str(REPOSITORY / "tests" / "export_models.py"), str(folder)]
        subprocess.run(export, check=True, capture_output=True)
        (folder / "code").mkdir()
        (folder / "code" / "inference.py").write_text(_HANDLER)
        with Sandbox.start(state_dir=folder / "state") as sandbox:
            made = Jobs(sandbox)
            made.create_model("constant", folder / "vector" / "1", folder / "code")
            made.s3.put_object(Bucket="benchmark", Key="in/1.jpg", Body=b"bytes")

            def run(number: int) -> bool:
                options = {"model": "constant", "prefix": "in", "kind": "jpeg"}
                return made.run(f"job-{number}", **options, environment={}).outputs == 1

            rows, ended = _soak(sandbox, run, count, "job")
    return _told(rows, ended, "jobs completed with their output")


def executions(count: int) -> Result:
    """Executions of the deployed state machine over one object each, with stubs of jobs."""
    with deployed() as workflow:
        uri = workflow.upload("one", 1)
        rows, ended = _soak(
            workflow.sandbox, lambda _: _is_right(workflow.run(uri), 1), count, "execution"
        )
    return _told(rows, ended, "executions succeeded, with their object accounted for")


def _soak(
    sandbox: Sandbox, run: Callable[[int], bool], count: int, what: str
) -> tuple[list[str], list[bool]]:
    """A fifth one after the other, the others fifty at once."""
    alone = max(_FIRST, count // 5)
    ended = [run(number) for number in _told_numbers(range(_FIRST), what)]
    rows = [Footprint.of(sandbox).row(f"after the tenth {what}")]
    ended += [run(number) for number in _told_numbers(range(_FIRST, alone), what)]
    rows.append(Footprint.of(sandbox).row(f"after {alone}, one after the other"))
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        ended += threads.map(run, _told_numbers(range(alone, count), what))
    rows.append(Footprint.of(sandbox).row(f"at the end of {count:,}, {_AT_ONCE} at once"))
    time.sleep(_SETTLED_SECONDS)
    rows.append(Footprint.of(sandbox).row(f"{_SETTLED_SECONDS} seconds later"))
    return rows, ended


def _told_numbers(numbers: range, what: str) -> Iterator[int]:
    for number in numbers:
        if number % _TOLD_EVERY == 0:
            print(f"{what} {number}", file=sys.stderr, flush=True)
        yield number


def _is_right(run: Run, inputs: int) -> bool:
    return run.status == "SUCCEEDED" and run.inputs == run.accounted == inputs


def _told(rows: Sequence[str], ended: Sequence[bool], promise: str) -> Result:
    text = "\n".join([footprint.HEADER, *rows])
    sentence = f"{sum(ended):,} of {len(ended):,} {promise}."
    return Result(text=f"{text}\n\n{sentence}", is_lost=not all(ended))


def shards(count: int) -> Result:
    """One run over many objects in small shards."""
    with deployed() as workflow:
        uri = workflow.upload("many", count)
        begun = time.monotonic()
        run = workflow.run(uri)
        seconds = time.monotonic() - begun
    text = (
        f"{count:,} objects in one run of {-(-count // OBJECTS_PER_SHARD):,} shards: {run.status}, "
        f"{run.accounted:,} of {count:,} objects accounted for, in {seconds:,.0f} s."
    )
    return Result(text=text, is_lost=not _is_right(run, count))


def runs(count: int) -> Result:
    """Runs that are started within a second, or as fast as the sandbox takes them."""
    with deployed() as workflow:
        uri = workflow.upload("one", 1)
        begun = time.monotonic()
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            started = list(threads.map(workflow.start, [uri] * count))
        starting = time.monotonic() - begun
        ended = [workflow.end(arn, pause=1.0) for arn in started]
        seconds = time.monotonic() - begun
        rows = [Footprint.of(workflow.sandbox).row("at the end")]
        time.sleep(_SETTLED_SECONDS)
        rows.append(Footprint.of(workflow.sandbox).row(f"{_SETTLED_SECONDS} seconds later"))
    right = [_is_right(run, 1) for run in ended]
    text = (
        f"{count:,} runs over one object each, asked for at once: all were started after "
        f"{starting:.1f} s, and had ended after {seconds:,.0f} s. {sum(right):,} of {count:,} "
        "succeeded, with their object accounted for."
    )
    return Result(text="\n".join([text, "", footprint.HEADER, *rows]), is_lost=not all(right))
