"""``python -m benchmarks.sandbox.speed``: jobs against a bare loop and Ray Data, in one run.

All sides take turns over the same SavedModel and files; the table of ratios is printed and written
to docs/benchmarks.md.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click

from benchmarks.sandbox import data, report
from benchmarks.sandbox.jobs import FORMATS, Jobs
from benchmarks.sandbox.report import Rates
from tfbatch_sandbox.sandbox import Sandbox

_ROOT = Path(__file__).resolve().parents[2]
_RIVALS = Path(__file__).with_name("rivals")
_RAY = "ray[data]==2.60.0"
MODELS = {"efficientnet-lite0": 0.75, "resnet50": 0.9}
"""Model to the least ratio to the bare loop."""
_ENVIRONMENT = {
    "SAGEMAKER_TFS_ENABLE_BATCHING": "true",
    "SAGEMAKER_TFS_MAX_BATCH_SIZE": "16",
    "SAGEMAKER_TFS_BATCH_TIMEOUT_MICROS": "10000",
    "SAGEMAKER_TFS_NUM_BATCH_THREADS": "2",
    "SAGEMAKER_TFS_INTRA_OP_PARALLELISM": "1",  # two batches at a time keep two cores busy
}


def install_ray() -> Path | None:
    """Ray in a folder of its own, for it is nothing the project needs; ``None`` without it."""
    folder = _ROOT / ".cache" / "ray"
    if not (folder / "done").exists():
        uv = [str(Path(sys.executable).with_name("uv")), "pip", "install", "--quiet"]
        command = [*uv, "--python", sys.executable, "--target", str(folder), _RAY]
        if subprocess.run(command, check=False).returncode:
            return None
        (folder / "done").touch()
    return folder


def rival(script: str, model: str, directory: Path, *, packages: Path | None = None) -> float:
    """A rival's records per second; 0 when it fails."""
    path = {} if packages is None else {"PYTHONPATH": str(packages)}
    version = _ROOT / "models" / model / "1"
    command = [sys.executable, str(_RIVALS / script), str(version), str(directory)]
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "RAY_DATA_DISABLE_PROGRESS_BARS": "1"}
    done = subprocess.run(
        command, env=os.environ | quiet | path, stdout=subprocess.PIPE, check=False
    )
    if done.returncode:
        return 0.0
    told = json.loads(done.stdout.splitlines()[-1])
    return float(told["records"] / told["seconds"])


@click.command()
@click.option("--records", default=1000, show_default=True)
@click.option("--turns", default=1, show_default=True)
@click.option("--model", "models", multiple=True, default=tuple(MODELS), show_default=True)
@click.option("--without-ray", is_flag=True)
def main(*, records: int, turns: int, models: tuple[str, ...], without_ray: bool) -> None:
    """Measure, print, and write the table."""
    subprocess.run([sys.executable, "-m", "tfbatch", "export", *models], check=True, cwd=_ROOT)
    ray = None if without_ray else install_ray()
    rates: dict[tuple[str, str], Rates] = {}
    starts: list[float] = []
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        data.write(folder / "data", records)
        begun = time.perf_counter()
        sandbox = stack.enter_context(Sandbox.start(state_dir=folder / "state"))
        jobs = Jobs(sandbox)
        sandbox_start = time.perf_counter() - begun
        for kind in FORMATS:
            jobs.upload(folder / "data" / kind, kind)
        for model in models:
            jobs.create_model(model, _ROOT / "models" / model / "1")
        for turn in range(turns):
            for model in models:
                for kind in FORMATS:
                    side = rates.setdefault((model, kind), Rates())
                    directory = folder / "data" / kind
                    side.bare.append(rival("bare_loop.py", model, directory))
                    timing = jobs.run(
                        f"{model}-{kind}-{turn}",
                        model=model,
                        prefix=kind,
                        kind=kind,
                        environment=_ENVIRONMENT,
                    )
                    side.ours.append(records / timing.running)
                    starts.append(timing.starting)
                    if ray is not None:
                        side.ray.append(rival("ray_data.py", model, directory, packages=ray))
                    click.echo(f"{model} {kind}: {side}", err=True)
    table = report.table(rates, MODELS, records=records, turns=turns)
    told = report.starts(sandbox=sandbox_start, job=min(starts))
    click.echo(f"{table}\n\n{told}")
    report.write("speed", [table, told])


if __name__ == "__main__":
    main()
