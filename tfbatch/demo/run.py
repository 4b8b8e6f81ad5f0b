"""The steps of the demo, one function each."""

from __future__ import annotations

import shutil
import signal
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import boto3

from tfbatch import project
from tfbatch.aws import endpoint
from tfbatch.demo import deployment, photos, predictions, runs
from tfbatch.demo.errors import DemoError
from tfbatch.export import store
from tfbatch.export.catalog import CATALOG, DEMO_MODEL
from tfbatch.terminal import program
from tfbatch_sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tfbatch.demo.deployment import Deployment
    from tfbatch.demo.display import Display
    from tfbatch.demo.photos import Photos
    from tfbatch.demo.predictions import Prediction


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
    display.headline("From photographs in a bucket to predictions, without AWS")
    with _workspace() as directory:
        _model(display, directory)
        data = _photos(display, directory)
        with _sandbox(display, directory) as sandbox:
            deployed = _deploy(display, directory, sandbox)
            _upload(display, data, deployed)
            found = _transform(display, data, deployed, output)
            _check(display, data, found, output)
            display.say(f"Took {time.monotonic() - start:.0f} s.")
            if keep:
                _wait(display, sandbox)


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


def _model(display: Display, directory: Path) -> None:
    """Export the model in a process of its own, to free TensorFlow's memory."""
    with display.step(f"Exporting {DEMO_MODEL}") as step:
        if store.find(CATALOG[DEMO_MODEL], models=project.models()):
            step.detail = "as exported before"
        else:
            arguments = ("-m", "tfbatch", "export", DEMO_MODEL)
            program.run([sys.executable, *arguments], log=directory / "export.log")
            step.detail = "with its ImageNet weights, to models/"
        step.title = f"Model {DEMO_MODEL}"


def _photos(display: Display, directory: Path) -> Photos:
    with display.step("Collecting photographs") as step:
        data = photos.collect(directory / "data")
        step.title = f"{len(data.jpegs)} photographs"
        step.detail = f"as JPEG, and in {len(data.tfrecords)} TFRecord files"
    return data


@contextmanager
def _sandbox(display: Display, directory: Path) -> Iterator[Sandbox]:
    with display.step("Starting the sandbox") as step:
        sandbox = Sandbox.start(state_dir=directory / "sandbox")
        step.title, step.detail = "Sandbox", sandbox.endpoint_url
    with sandbox:
        endpoint.point_at(sandbox.environment)
        yield sandbox


def _deploy(display: Display, directory: Path, sandbox: Sandbox) -> Deployment:
    with display.step("cdk bootstrap"):
        deployment.bootstrap(directory, account=sandbox.account_id, region=sandbox.region)
    with display.step("cdk deploy --all") as step:
        deployment.deploy(directory)
        step.detail = ", ".join(deployment.STACKS)
        return deployment.find(boto3.client("cloudformation"))


def _upload(display: Display, data: Photos, deployed: Deployment) -> None:
    with display.step("Uploading") as step:
        s3 = boto3.client("s3")
        files = [path for path in data.directory.rglob("*") if path.is_file()]
        for path in files:
            key = path.relative_to(data.directory).as_posix()
            s3.upload_file(str(path), deployed.input_bucket, key)
        step.title = f"{len(files)} objects uploaded"
        step.detail = f"s3://{deployed.input_bucket}/"


def _transform(
    display: Display, data: Photos, deployed: Deployment, output: Path
) -> tuple[Mapping[str, Prediction], Mapping[str, Prediction]]:
    """Run both jobs, and return photograph -> prediction of each."""
    jpeg, tfrecord = runs.transform(display, deployed, model=DEMO_MODEL)
    s3 = boto3.client("s3")
    return (
        predictions.of_jpegs(data, predictions.download(s3, jpeg, output / "jpeg")),
        predictions.of_tfrecords(data, predictions.download(s3, tfrecord, output / "tfrecord")),
    )


def _check(
    display: Display,
    data: Photos,
    found: tuple[Mapping[str, Prediction], Mapping[str, Prediction]],
    output: Path,
) -> None:
    """Show the table and check the predictions."""
    jpegs, tfrecords = found
    display.table(jpegs, tfrecords)
    different = [name for name in data.jpegs if not jpegs[name].agrees_with(tfrecords[name])]
    if different:
        raise DemoError(f"the JPEG and the TFRecord run differ on {', '.join(different)}")
    if not jpegs["cat.jpg"].is_cat:
        raise DemoError(f"the cat came out as {jpegs['cat.jpg'].label}, which is no house cat")
    display.say(f"Both runs agree on all {len(jpegs)} photographs, and the cat is a cat.")
    display.say(f"What the jobs wrote is in {output}/jpeg and {output}/tfrecord.")


def _wait(display: Display, sandbox: Sandbox) -> None:
    """Leave the sandbox running until interrupted."""
    display.say("\nThe sandbox stays up until Ctrl-C. In another terminal:\n")
    display.say(endpoint.export_lines(sandbox.environment))
    signal.pause()
