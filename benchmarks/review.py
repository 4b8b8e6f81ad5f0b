"""``tfbatch review`` against ``cdk synth`` of the same stages, in one run.

A person's wait is measured: whole commands, started anew, in turns. The promise: with both sides
cached at most 2 s; with one side new at most 1.5 times ``cdk synth`` of its stages plus 2 s.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 3
LIMIT_CACHED = 2.0
LIMIT_FACTOR, LIMIT_MORE = 1.5, 2.0
ROOT = Path(__file__).resolve().parent.parent


def _seconds(*command: str, accepted: tuple[int, ...] = (0,)) -> float:
    environment = {name: value for name, value in os.environ.items() if "AWS" not in name}
    begun = time.perf_counter()
    done = subprocess.run(
        command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True
    )
    if done.returncode not in accepted:
        raise SystemExit(done.stdout + done.stderr)
    return time.perf_counter() - begun


def _synth(folder: Path) -> float:
    from stacks.stages import STAGES  # noqa: PLC0415

    return sum(
        _seconds(
            *("cdk", "synth", "--quiet", "-c", "nag=true", "-c", f"stage={stage.name}"),
            *("--output", str(folder / stage.name)),
        )
        for stage in STAGES
    )


def _review(folder: Path) -> float:
    command = (sys.executable, "-m", "tfbatch", "review", "--base", "HEAD", "--head", "WORKTREE")
    return _seconds(*command, "--out", str(folder / "review"), accepted=(0, 3, 4))


def _forget_newest() -> None:
    """Delete the assembly of the side that was used last: the working tree's."""
    made = sorted((ROOT / ".cache" / "review").glob("assembly-*"), key=lambda f: f.stat().st_mtime)
    shutil.rmtree(made[-1])


def main() -> int:
    """Print the table.

    Returns:
        1 if a promise is broken.
    """
    marker = ROOT / "model_code" / "bench_review.py"
    marker.write_text("MEASURED = True\n")
    try:
        with tempfile.TemporaryDirectory() as directory:
            folder = Path(directory)
            _review(folder)
            cached, new, synth = [], [], []
            for _ in range(ROUNDS):
                cached.append(_review(folder))
                synth.append(_synth(folder))
                _forget_newest()
                new.append(_review(folder))
    finally:
        marker.unlink()
    middle = [statistics.median(times) for times in (cached, new, synth)]
    limit = LIMIT_FACTOR * middle[2] + LIMIT_MORE
    print("| | seconds | limit |\n| --- | --- | --- |")
    print(f"| review, both sides cached | {middle[0]:.1f} | {LIMIT_CACHED:.1f} |")
    print(f"| review, one side new | {middle[1]:.1f} | {limit:.1f} |")
    print(f"| `cdk synth` of its stages | {middle[2]:.1f} | |")
    return int(middle[0] > LIMIT_CACHED or middle[1] > limit)


if __name__ == "__main__":
    sys.exit(main())
