"""Synthesizes checkouts by running the command in their ``cdk.json``, and lints templates."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfbatch.review.errors import ReviewError
from tfbatch.review.sides.packages import sides as packages
from tfbatch.review.sides.runner import Runner

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_STAGE_NAMES = Path(__file__).with_name("stage_names.py")
_LINTER = Path(__file__).with_name("linter.py")
_TOOLS = ("aws-cdk-lib", "constructs", "cdk-nag")
SECONDS = 600
"""The time limit of one synthesis."""
ONE_STAGE = "app"
"""The name of the stage of an app that has no ``stacks/stages.py``."""
_CONTEXT = {
    "nag": "true",
    "aws:cdk:enable-path-metadata": True,
    "aws:cdk:enable-asset-metadata": True,
    "aws:cdk:disable-stack-trace": True,
}
"""The AWS Solutions checks, and what the CDK's command line adds: construct paths; no
traces of generated code."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """A checkout to synthesize."""

    root: Path
    output: Path
    """One folder per stage: the cloud assembly, and the settings."""
    stages: Sequence[str] | None = None
    """``None``: every stage of the checkout."""
    name: str = ""
    """For messages."""


def identity() -> str:
    """Return what an assembly depends on besides the checkout: programs, tools and Python."""
    tools = [f"{tool} {version(tool)}" for tool in _TOOLS]
    files = (Path(__file__), *sorted(Path(packages.__file__).parent.glob("*.py")), _STAGE_NAMES)
    own = [file.read_text() for file in files]
    return "\n".join([*own, sys.version, *tools])


def is_whole(output: Path) -> bool:
    """Whether a job has finished, with the packages that its checkout pins."""
    return (output / "stages.json").is_file() and packages.is_own(output)


def run(jobs: Sequence[Job], *, cache: Path, seconds: float = SECONDS) -> None:
    """Synthesize every stage of checkouts, as many at a time as this machine has processors.

    The code runs in processes of its own, without credentials, with the packages that it pins.

    Args:
        jobs: the checkouts.
        cache: the folder that keeps environments of packages.
        seconds: the time limit of each program.

    Raises:
        ReviewError: an app failed, took too long or wrote no assembly.
    """
    with (
        tempfile.TemporaryDirectory(prefix="tfbatch-review-", ignore_cleanup_errors=True) as folder,
        ThreadPoolExecutor(os.cpu_count()) as pool,
    ):
        runner = Runner(Path(folder), seconds=seconds)
        apps = [_App(job, runner) for job in jobs]
        try:
            for app in apps:
                app.prepare(cache)  # one after the other: equal locks share an environment
            stages = list(pool.map(_App.stages, apps))
            tasks = [
                (app, name, settings)
                for app, found in zip(apps, stages, strict=True)
                for name, settings in found.items()
            ]
            list(pool.map(lambda task: task[0].synthesize(*task[1:]), tasks))
        except BaseException:
            runner.stop()
            raise
    for app, found in zip(apps, stages, strict=True):
        app.finish(list(found))


class _App:
    """The app of a checkout, run with the packages that it pins."""

    def __init__(self, job: Job, runner: Runner) -> None:
        self._job, self._runner = job, runner
        self._python, self._packages = Path(sys.executable), packages.Packages()

    def prepare(self, cache: Path) -> None:
        """Find or build its environment."""
        job = self._job
        self._python, self._packages = packages.prepare(
            job.root, runner=self._runner, cache=cache, name=job.name
        )

    def stages(self) -> dict[str, Any]:
        """The wanted stages, with their settings."""
        job = self._job
        found: dict[str, Any] = {ONE_STAGE: {}}
        if (job.root / "stacks" / "stages.py").is_file():
            found = json.loads(self._run([str(self._python), str(_STAGE_NAMES)], {}))
        if not found:
            raise ReviewError(
                f"{job.name}: STAGES in stacks/stages.py is empty, so there is nothing to review. "
                "Name at least one stage"
            )
        return {
            name: settings
            for name, settings in found.items()
            if job.stages is None or name in job.stages
        }

    def synthesize(self, stage: str, settings: Any) -> None:  # noqa: ANN401 # JSON
        """Write the assembly of one stage."""
        job = self._job
        configuration = _configuration(job)
        folder = job.output / stage
        folder.mkdir(parents=True)
        context = {**configuration.get("context", {}), **_CONTEXT, "stage": stage}
        variables = {"CDK_OUTDIR": str(folder), "CDK_CONTEXT_JSON": json.dumps(context)}
        self._run(["sh", "-c", configuration["app"]], variables, folder)
        if not (folder / "manifest.json").is_file():
            raise ReviewError(
                f"{job.name}: the app ended without writing its assembly for stage {stage}. Does "
                f"`{configuration['app']}` call `app.synth()`, and not exit before?"
            )
        (folder / "settings.json").write_text(json.dumps(settings))

    def finish(self, stages: Sequence[str]) -> None:
        """Write down what was made, after the app's programs have ended."""
        packages.write(self._packages, self._job.output)
        (self._job.output / "stages.json").write_text(json.dumps(stages))

    def _run(
        self, command: Sequence[str], variables: Mapping[str, str], folder: Path | None = None
    ) -> str:
        """Run a program in the checkout, and return what it printed."""
        job = self._job
        own = {"PATH": str(self._python.parent), **_python_path(job.root), **variables}
        ended = self._runner.run(command, folder=job.root, name=job.name, variables=own)
        # Findings of the checks end the synthesis, after everything was written.
        if ended.code and not (folder and _has_findings(folder)):
            raise ReviewError(f"{job.name or job.root} can't be synthesized:\n{ended.last_lines}")
        return ended.printed


def _configuration(job: Job) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = json.loads((job.root / "cdk.json").read_text())
        is_whole = isinstance(found["app"], str) and isinstance(found.get("context", {}), dict)
    except (OSError, ValueError, KeyError, TypeError):
        is_whole = False
    if not is_whole:
        raise ReviewError(
            f"{job.name}: cdk.json can't be read. It must be JSON with the app's command, "
            '{"app": "python app.py"}, and its context, if it has one, an object'
        )
    return found


def _python_path(root: Path) -> dict[str, str]:
    """The checkout's own modules come before those that are installed."""
    file = root / "pyproject.toml"
    try:
        tools = tomllib.loads(file.read_text()).get("tool", {}) if file.is_file() else {}
        folders = tools.get("hatch", {}).get("build", {}).get("dev-mode-dirs", ["."])
    except (ValueError, AttributeError):
        folders = ["."]
    return {"PYTHONPATH": os.pathsep.join(str(root / str(folder)) for folder in folders)}


def _has_findings(folder: Path) -> bool:
    """Whether the checks ended the synthesis, after everything was written."""
    report = folder / "validation-report.json"
    with suppress(OSError, ValueError, KeyError):
        return bool(json.loads(report.read_text())["pluginReports"])
    return False


def lint(templates: Sequence[Path], *, project: Path, cache: Path) -> dict[Path, list[Any]]:
    """Run cfn-lint with the configuration of the project that one stands in.

    Args:
        templates: the templates of both sides.
        project: the folder with ``.cfnlintrc.yaml``, if there is one.
        cache: a folder of findings by template.

    Raises:
        ReviewError: cfn-lint failed.
    """
    if not templates:
        return {}
    done = subprocess.run(
        [sys.executable, "-P", str(_LINTER), str(cache)],
        cwd=project,
        input=json.dumps([str(template) for template in templates]),
        capture_output=True,
        check=False,
        text=True,
    )
    if done.returncode:
        raise ReviewError(f"cfn-lint can't read the templates:\n{done.stderr[-1000:]}")
    return dict(zip(templates, json.loads(done.stdout), strict=True))
