"""``tfbatch review`` against ``cdk synth`` of the same stages, in one run.

A person's wait is measured: whole commands, started anew, in turns. The promise: with both sides
cached at most 2 s; with one side new at most 1.5 times ``cdk synth`` of its stages plus 2 s. On a
machine that does other things as well, processor time says more than the wait.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROUNDS = 3
LIMIT_CACHED = 2.0
LIMIT_FACTOR, LIMIT_MORE = 1.5, 2.0
ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """What a command costs, in seconds."""

    wait: float
    processor: float
    """Of the command and its children."""

    def __add__(self, other: Cost) -> Cost:
        """Both, one after the other."""
        return Cost(wait=self.wait + other.wait, processor=self.processor + other.processor)


def _run(*command: str, accepted: tuple[int, ...] = (0,)) -> Cost:
    environment = {name: value for name, value in os.environ.items() if "AWS" not in name}
    begun, used = time.perf_counter(), _processor()
    done = subprocess.run(
        command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True
    )
    if done.returncode not in accepted:
        raise SystemExit(done.stdout + done.stderr)
    return Cost(wait=time.perf_counter() - begun, processor=_processor() - used)


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _synth(folder: Path) -> Cost:
    from stacks.stages import STAGES  # noqa: PLC0415

    costs = [
        _run(
            *("cdk", "synth", "--quiet", "-c", "nag=true", "-c", f"stage={stage.name}"),
            *("--output", str(folder / stage.name)),
        )
        for stage in STAGES
    ]
    return sum(costs[1:], costs[0])


def _review(folder: Path) -> Cost:
    command = (sys.executable, "-m", "tfbatch", "review", "--base", "HEAD", "--head", "WORKTREE")
    return _run(*command, "--out", str(folder / "review"), accepted=(0, 3, 4))


def _forget_newest() -> None:
    """Delete the assembly of the side that was used last: the working tree's."""
    made = sorted((ROOT / ".cache" / "review").glob("assembly-*"), key=lambda f: f.stat().st_mtime)
    shutil.rmtree(made[-1])


def _measure() -> list[Cost]:
    """The medians of a review with both sides cached, one with a new side, and a synthesis."""
    cached, new, synth = [], [], []
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        _review(folder)
        for turn in range(ROUNDS):
            cached.append(_review(folder))
            synth.append(_synth(folder / str(turn)))
            _forget_newest()
            new.append(_review(folder))
    return [
        Cost(
            wait=statistics.median(one.wait for one in costs),
            processor=statistics.median(one.processor for one in costs),
        )
        for costs in (cached, new, synth)
    ]


def main() -> int:
    """Print the table.

    Returns:
        1 if a promise is broken.
    """
    load = os.getloadavg()[0]
    marker = ROOT / "model_code" / "bench_review.py"
    marker.write_text("MEASURED = True\n")
    try:
        cached, new, synth = _measure()
    finally:
        marker.unlink()
    limits = {
        "wait": LIMIT_FACTOR * synth.wait + LIMIT_MORE,
        "processor": LIMIT_FACTOR * synth.processor + LIMIT_MORE,
    }
    print("| medians, in seconds | wait | limit | processor | limit |")
    print("| --- | --- | --- | --- | --- |")
    print(
        f"| review, both sides cached | {cached.wait:.1f} | {LIMIT_CACHED:.1f} "
        f"| {cached.processor:.1f} | {LIMIT_CACHED:.1f} |"
    )
    print(
        f"| review, one side new | {new.wait:.1f} | {limits['wait']:.1f} "
        f"| {new.processor:.1f} | {limits['processor']:.1f} |"
    )
    print(f"| `cdk synth` of its stages | {synth.wait:.1f} | | {synth.processor:.1f} | |")
    print(f"\nLoad of the machine: {load:.1f} before, {os.getloadavg()[0]:.1f} after.")
    return int(cached.wait > LIMIT_CACHED or new.wait > limits["wait"])


if __name__ == "__main__":
    sys.exit(main())
