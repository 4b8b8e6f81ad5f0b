"""The steps of the demo, one function each."""

from __future__ import annotations

import shutil
import signal
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import boto3

from tfbatch import project
from tfbatch.aws import endpoint
from tfbatch.demo import deployment, photographs, predictions, records, runs
from tfbatch.demo.errors import DemoError
from tfbatch.export import store
from tfbatch.export.catalog import CATALOG, DEMO_MODEL
from tfbatch.terminal import program
from tfbatch_cdk.errors import SettingsError
from tfbatch_cdk.model.saved_model import signature_of
from tfbatch_sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tfbatch.demo.deployment import Deployment
    from tfbatch.demo.display import Display
    from tfbatch.demo.runs import Run
    from tfbatch_cdk.settings import Model, Stage
    from tfbatch_handler.signature import Signature


class Content(Protocol):
    """What the demo predicts."""

    @property
    def runs(self) -> tuple[Run, ...]:
        """What to run; each run's folder is in the data's directory."""
        ...

    def summary(self) -> tuple[str, str]:
        """What it is: a title and a detail."""
        ...

    def show(self, display: Display, outputs: Sequence[Mapping[str, list[str]]]) -> None:
        """Show and check the lines of each run, by the name of the input object."""
        ...


def demo(display: Display, *, output: Path, keep: bool) -> None:
    """Run the demo.

    Args:
        display: shows it.
        output: folder for copies of the outputs, which are deleted with the sandbox.
        keep: leave the sandbox running at the end, until interrupted.

    Raises:
        DemoError: the result is unexpected.
        Exception: a step failed; its note says where the logs are.
    """
    start = time.monotonic()
    stage = _stage()
    display.headline("From records in a bucket to predictions, without AWS")
    with _workspace() as directory:
        _model(display, directory, stage)
        data = directory / "data"
        content = _content(display, data, stage)
        with _sandbox(display, directory) as sandbox:
            deployed = _deploy(display, directory, sandbox, stage)
            _upload(display, data, deployed)
            outputs = _transform(display, content, deployed, output)
            content.show(display, outputs)
            display.say(f"What the jobs wrote is in {output}.")
            display.say(f"Took {time.monotonic() - start:.0f} s.")
            if keep:
                _wait(display, sandbox)


def _stage() -> Stage:
    """The stage to deploy: dev, or the project's first."""
    stages = project.stages()
    return next((stage for stage in stages if stage.name == "dev"), stages[0])


def _is_demos(stage: Stage) -> bool:
    """Whether the stage serves the demo's model, for which there are photographs."""
    return stage.models[0].name == DEMO_MODEL and set(photographs.FORMATS) <= set(stage.formats)


@contextmanager
def _workspace() -> Iterator[Path]:
    """Yield a directory that is deleted at the end, or kept for its logs after a failure."""
    directory = Path(tempfile.mkdtemp(prefix="tfbatch-demo-"))
    try:
        yield directory
    except Exception as error:
        error.add_note(f"All logs are in {directory}")
        raise
    except BaseException:
        shutil.rmtree(directory, ignore_errors=True)
        raise
    shutil.rmtree(directory)


def _model(display: Display, directory: Path, stage: Stage) -> None:
    """Export the demo's model in a process of its own, to free TensorFlow's memory."""
    if not _is_demos(stage):
        return
    with display.step(f"Exporting {DEMO_MODEL}") as step:
        if store.find(CATALOG[DEMO_MODEL], models=project.models()):
            step.detail = "as exported before"
        else:
            arguments = ("-m", "tfbatch", "export", DEMO_MODEL)
            program.run([sys.executable, *arguments], log=directory / "export.log")
            step.detail = "with its ImageNet weights, to models/"
        step.title = f"Model {DEMO_MODEL}"


def _content(display: Display, directory: Path, stage: Stage) -> Content:
    with display.step("Collecting records") as step:
        content: Content
        if _is_demos(stage):
            content = photographs.collect(directory, model=DEMO_MODEL)
        else:
            content = records.collect(directory, stage, _signature(stage.models[0]))
        step.title, step.detail = content.summary()
    return content


def _signature(model: Model) -> Signature:
    try:
        return signature_of(model)
    except SettingsError as error:
        raise DemoError(str(error)) from error


@contextmanager
def _sandbox(display: Display, directory: Path) -> Iterator[Sandbox]:
    with display.step("Starting the sandbox") as step:
        sandbox = Sandbox.start(state_dir=directory / "sandbox")
        step.title, step.detail = "Sandbox", sandbox.endpoint_url
    with sandbox:
        endpoint.point_at(sandbox.environment)
        yield sandbox


def _deploy(display: Display, directory: Path, sandbox: Sandbox, stage: Stage) -> Deployment:
    with display.step("cdk bootstrap"):
        deployment.bootstrap(directory, account=sandbox.account_id, region=sandbox.region)
    with display.step("cdk deploy --all") as step:
        deployment.deploy(directory, stage=stage.name)
        step.detail = ", ".join(deployment.stacks(stage.name))
        return deployment.find(boto3.client("cloudformation"), stage=stage.name)


def _upload(display: Display, data: Path, deployed: Deployment) -> None:
    with display.step("Uploading") as step:
        s3 = boto3.client("s3")
        files = [path for path in data.rglob("*") if path.is_file()]
        for path in files:
            s3.upload_file(str(path), deployed.input_bucket, path.relative_to(data).as_posix())
        step.title = f"{len(files)} objects uploaded"
        step.detail = f"s3://{deployed.input_bucket}/"


def _transform(
    display: Display, content: Content, deployed: Deployment, output: Path
) -> list[Mapping[str, list[str]]]:
    """Run every job and copy its outputs: the lines of each, by the name of the input object."""
    folders = runs.transform(display, deployed, content.runs)
    s3 = boto3.client("s3")
    return [
        predictions.download(s3, uri, output / run.format)
        for run, uri in zip(content.runs, folders, strict=True)
    ]


def _wait(display: Display, sandbox: Sandbox) -> None:
    """Leave the sandbox running until interrupted."""
    display.say("\nThe sandbox stays up until Ctrl-C. In another terminal:\n")
    display.say(endpoint.export_lines(sandbox.environment))
    signal.pause()
