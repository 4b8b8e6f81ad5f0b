"""Synthesizes checkouts by running the command in their ``cdk.json``, and lints templates."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from tfbatch.review.errors import ReviewError
from tfbatch.review.sides.environment import without_credentials

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_STAGE_NAMES = Path(__file__).with_name("stage_names.py")
_LINTER = Path(__file__).with_name("linter.py")
_TOOLS = ("aws-cdk-lib", "constructs", "cdk-nag")
_LAST_LINES = 15
_MOST_BYTES = 4 * 1024 * 1024
"""Of what a program prints."""
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
    own = [Path(__file__).read_text(), _STAGE_NAMES.read_text()]
    return "\n".join([*own, sys.version, *tools])


def is_whole(output: Path) -> bool:
    """Whether a job has finished."""
    return (output / "stages.json").is_file()


def run(jobs: Sequence[Job], *, seconds: float = SECONDS) -> None:
    """Synthesize every stage of checkouts, as many at a time as this machine has processors.

    The code runs in processes of its own, without credentials.

    Args:
        jobs: the checkouts.
        seconds: the time limit of each stage.

    Raises:
        ReviewError: an app failed, took too long or wrote no assembly.
    """
    with (
        tempfile.TemporaryDirectory(prefix="tfbatch-review-", ignore_cleanup_errors=True) as folder,
        ThreadPoolExecutor(os.cpu_count()) as pool,
    ):
        synthesizer = _Synthesizer(Path(folder), seconds=seconds)
        stages = list(pool.map(synthesizer.stages_of, jobs))
        tasks = [
            (job, name, settings)
            for job, found in zip(jobs, stages, strict=True)
            for name, settings in found.items()
        ]
        try:
            list(pool.map(lambda task: synthesizer.synthesize(*task), tasks))
        except BaseException:
            synthesizer.stop()
            raise
    for job, found in zip(jobs, stages, strict=True):
        (job.output / "stages.json").write_text(json.dumps(list(found)))


class _Synthesizer:
    """Runs the programs of checkouts, and stops them."""

    def __init__(self, temporary: Path, *, seconds: float) -> None:
        self._temporary, self._seconds = temporary, seconds
        self._running: set[subprocess.Popen[bytes]] = set()
        self._stopped = False

    def stages_of(self, job: Job) -> dict[str, Any]:
        """The wanted stages of a checkout, with their settings."""
        found: dict[str, Any] = {ONE_STAGE: {}}
        if (job.root / "stacks" / "stages.py").is_file():
            made = self._run(job, [sys.executable, str(_STAGE_NAMES)], {})
            found = json.loads(made)
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

    def synthesize(self, job: Job, stage: str, settings: Any) -> None:  # noqa: ANN401 # JSON
        """Write the assembly of one stage."""
        configuration = _configuration(job)
        folder = job.output / stage
        folder.mkdir(parents=True)
        context = {**configuration.get("context", {}), **_CONTEXT, "stage": stage}
        variables = {"CDK_OUTDIR": str(folder), "CDK_CONTEXT_JSON": json.dumps(context)}
        self._run(job, ["sh", "-c", configuration["app"]], variables, folder)
        if not (folder / "manifest.json").is_file():
            raise ReviewError(
                f"{job.name}: the app ended without writing its assembly for stage {stage}. Does "
                f"`{configuration['app']}` call `app.synth()`, and not exit before?"
            )
        (folder / "settings.json").write_text(json.dumps(settings))

    def stop(self) -> None:
        """Kill every program that runs."""
        self._stopped = True
        for process in list(self._running):
            _kill(process)

    def _run(
        self,
        job: Job,
        command: Sequence[str],
        variables: Mapping[str, str],
        folder: Path | None = None,
    ) -> str:
        """Run a program in a checkout, and return what it printed."""
        own = without_credentials(self._temporary)
        environment = {**own, **_python_path(job.root), **variables}
        with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as error:
            # Files, not pipes: a program of its own that it leaves behind would hold those open.
            process = subprocess.Popen(
                command,
                cwd=job.root,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=error,
                start_new_session=True,
            )
            self._wait_for(process, job)
            printed, end = _text(said), _text(error)
        # Findings of the checks end the synthesis, after everything was written.
        if process.returncode and not (folder and _has_findings(folder)) and not self._stopped:
            last = "\n".join((printed + end).splitlines()[-_LAST_LINES:])
            raise ReviewError(f"{job.name or job.root} can't be synthesized:\n{last}")
        return printed

    def _wait_for(self, process: subprocess.Popen[bytes], job: Job) -> None:
        self._running.add(process)
        try:
            process.wait(timeout=self._seconds)
        except subprocess.TimeoutExpired:
            raise ReviewError(
                f"{job.name} took more than {self._seconds:g} seconds to synthesize, and was "
                "stopped. Does its code wait for something?"
            ) from None
        finally:
            _kill(process)
            self._running.discard(process)


def _text(file: IO[bytes]) -> str:
    """The end of what a program wrote."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _MOST_BYTES))
    return file.read().decode(errors="replace")


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


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of a child's process group, and wait for the child."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # jsii's Node.js may outlive the Python process
    process.wait()


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
