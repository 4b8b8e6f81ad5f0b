"""``python -m benchmarks.sandbox.speed``: jobs against a bare loop and Ray Data, in one run.

The rivals' thread settings are searched first. Then all sides take turns over the same SavedModel
and files; the table of ratios is printed and written to docs/benchmarks.md.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click

from benchmarks.sandbox import data, report
from benchmarks.sandbox.jobs import FORMATS, Jobs
from benchmarks.sandbox.report import Rates
from benchmarks.sandbox.rivals.settings import Found, Rival
from tfbatch_sandbox.sandbox import Sandbox

_ROOT = Path(__file__).resolve().parents[2]
_RAY = "ray[data]==2.60.0"
MODELS = {"efficientnet-lite0": 0.85, "resnet50": 0.92}
"""Model to the least ratio to the tuned bare loop."""
_SEARCH_RECORDS = 96
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


@click.command()
@click.option("--records", default=400, show_default=True)
@click.option("--turns", default=5, show_default=True)
@click.option("--model", "models", multiple=True, default=tuple(MODELS), show_default=True)
@click.option("--without-ray", is_flag=True)
def main(*, records: int, turns: int, models: tuple[str, ...], without_ray: bool) -> None:
    """Measure, print, and write the table."""
    subprocess.run([sys.executable, "-m", "tfbatch", "export", *models], check=True, cwd=_ROOT)
    ray = None if without_ray else install_ray()
    rivals = {"bare": Rival(script="bare_loop.py")}
    rivals |= {} if ray is None else {"ray": Rival(script="ray_data.py", packages=ray)}
    rates: dict[tuple[str, str], Rates] = {}
    settings: dict[tuple[str, str], Found] = {}
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
        for model in models:
            for name, rival in rivals.items():
                version = _ROOT / "models" / model / "1"
                settings[name, model] = rival.best(
                    version, folder / "data" / "jpeg", records=_SEARCH_RECORDS
                )
                click.echo(f"{model} {name}: {settings[name, model]}", err=True)
        for turn in range(turns):
            for model in models:
                for kind in FORMATS:
                    side = rates.setdefault((model, kind), Rates())
                    for name, rival in rivals.items():
                        side.of(name).append(
                            rival.rate(
                                _ROOT / "models" / model / "1",
                                folder / "data" / kind,
                                settings[name, model].best,
                                records=records,
                            )
                        )
                    job = f"{model}-{kind}-{turn}"
                    timing = jobs.run(
                        job,
                        model=model,
                        prefix=kind,
                        kind=kind,
                        environment=_ENVIRONMENT,
                    )
                    side.ours.append(jobs.rate(job, timing, records=records))
                    starts.append(timing.starting)
                    click.echo(f"{model} {kind}: {side}", err=True)
    table = report.table(rates, settings, MODELS, records=records, turns=turns)
    told = report.starts(sandbox=sandbox_start, job=min(starts))
    click.echo(f"{table}\n\n{told}")
    report.write("speed", [table, told])


if __name__ == "__main__":
    main()
