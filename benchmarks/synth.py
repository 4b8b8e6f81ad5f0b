"""``cdk synth`` of this app against a one-bucket app's, in one run.

What is measured is a person's wait: the whole command, node and Python started anew. Both apps take
turns, so that a busy machine slows both; the figure is the ratio of the medians. The promise: at
most 1.5 times the one-bucket app, and at most 0.3 s of it for a model that hasn't changed.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 7
LIMIT_RATIO = 1.5
LIMIT_MODEL_SECONDS = 0.3
ROOT = Path(__file__).resolve().parent.parent

_ONE_BUCKET = """
import aws_cdk as cdk
from aws_cdk import aws_s3 as s3

app = cdk.App()
s3.Bucket(cdk.Stack(app, "One"), "Bucket")
app.synth()
"""


def _seconds(directory: Path, *command: str) -> float:
    environment = {name: value for name, value in os.environ.items() if "AWS" not in name}
    begun = time.perf_counter()
    subprocess.run(
        command,
        cwd=directory,
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return time.perf_counter() - begun


def _artifact_seconds() -> float:
    """What an unchanged model costs: its signature read and its members' digests taken."""
    from stacks.stages import STAGES  # noqa: PLC0415
    from tfbatch_cdk.model.artifact import artifact_of  # noqa: PLC0415

    begun = time.perf_counter()
    _ = artifact_of(STAGES[0].models[0]).digest
    return time.perf_counter() - begun


def main() -> int:
    """Print the table.

    Returns:
        0 when both promises hold.
    """
    cdk = str(ROOT / "node_modules" / ".bin" / "cdk")
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        (work / "app.py").write_text(_ONE_BUCKET)
        one = (work, cdk, "synth", "-q", "-a", f"{sys.executable} app.py", "-o", str(work / "one"))
        ours = (ROOT, cdk, "synth", "-q", "-o", str(work / "ours"))
        _seconds(*one)  # warm: the first jsii start unpacks, our first synth writes the artifact
        _seconds(*ours)
        pairs = [(_seconds(*one), _seconds(*ours)) for _ in range(ROUNDS)]
    rival, own = (statistics.median(times) for times in zip(*pairs, strict=True))
    model = statistics.median(_artifact_seconds() for _ in range(ROUNDS))
    print(f"one-bucket app      {rival:6.2f} s   (median of {ROUNDS})")
    print(f"tfbatch             {own:6.2f} s   (median of {ROUNDS})")
    print(f"ratio               {own / rival:6.2f}     (promised: at most {LIMIT_RATIO})")
    print(f"an unchanged model  {model:6.2f} s   (promised: at most {LIMIT_MODEL_SECONDS} s)")
    return int(own > LIMIT_RATIO * rival or model > LIMIT_MODEL_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
