"""A deployment replaces a model while runs use it: each run predicts with one model alone."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.deployment import CDK
from tests.executions import summary_of
from tests.stages import MODELS
from tfbatch_cdk.scheduled.model_cleanup_states import UNUSED_SINCE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.deployment import Deployment

_ROW = b"[1.0, 2.0, 3.0]\n"
_OLD, _NEW = (4.0, 1.4), (8.0, 2.8)
"""The row times the weights [[0.5, 0.1], [0.25, 0.2], [1, 0.3]], and times their double."""
_OBJECTS, _JOBS = 401, 4
"""Five shards, of which four run at a time: the fifth's job is made after the deployment."""


@dataclass(kw_only=True)
class Deployed:
    """What came of a deployment in the midst of a run."""

    deployment: Deployment
    in_flight: str
    """The run's ARN."""
    between: list[str] = field(default_factory=list)
    """Runs that started while the deployment went on."""
    before: set[str]
    """The SageMaker Models before."""
    kept: dict[str, str | None] = field(default_factory=dict)
    """The Models after, while the run was in flight, with the marks that the cleanup gave them."""

    def models(self) -> dict[str, str | None]:
        """All SageMaker Models, with the cleanup's mark."""
        sagemaker = self.deployment.client("sagemaker")
        found: dict[str, str | None] = {}
        for model in sagemaker.list_models(MaxResults=100)["Models"]:
            tags = sagemaker.list_tags(ResourceArn=model["ModelArn"])["Tags"]
            marks = [tag["Value"] for tag in tags if tag["Key"] == UNUSED_SINCE]
            found[model["ModelName"]] = next(iter(marks), None)
        return found

    def clean_up(self) -> None:
        """Run what the clock starts once a day."""
        sfn = self.deployment.client("stepfunctions")
        machines = sfn.list_state_machines()["stateMachines"]
        (machine,) = (
            one["stateMachineArn"]
            for one in machines
            if "tfbatch-dev-inference" in one["name"] and "ReplacedModels" in one["name"]
        )
        started = sfn.start_execution(stateMachineArn=machine)["executionArn"]
        ended = self.deployment.wait(started)
        assert ended["status"] == "SUCCEEDED", (ended.get("error"), ended.get("cause"))

    def predictions(self, arn: str) -> set[tuple[float, ...]]:
        """The different predictions of a run."""
        ended = self.deployment.wait(arn)
        summary_of(ended)
        output = json.loads(ended["output"])["output"]
        bucket, _, prefix = output.removeprefix("s3://").partition("/")
        s3 = self.deployment.client("s3")
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        keys = [one["Key"] for page in pages for one in page["Contents"]]
        lines = [
            s3.get_object(Bucket=bucket, Key=key)["Body"].read()
            for key in keys
            if key.endswith(".out")
        ]
        return {_prediction(line) for line in lines}


def _prediction(line: bytes) -> tuple[float, ...]:
    (y,) = json.loads(line)["SageMakerOutput"]["predictions"]
    return tuple(round(value, 4) for value in y)


def _pause_jobs(deployment: Deployment) -> set[int]:
    """Stop the processes of the running jobs."""
    folder, paused = str(deployment.sandbox.state_dir), set[int]()
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            if "tfbatch_sandbox.transform " in command and folder in command:
                os.kill(int(entry.name), signal.SIGSTOP)
                paused.add(int(entry.name))
    return paused


def _request(deployment: Deployment, folder: str, count: int) -> dict[str, Any]:
    uri = deployment.upload(folder, {f"{number:03}.jsonl": _ROW for number in range(count)})
    return {"input": uri, "format": "joined", "model": "vector"}


@contextlib.contextmanager
def _runs_start(deployed: Deployed) -> Iterator[None]:
    """A run each second, as long as the context lasts."""
    request, done = _request(deployed.deployment, "between", 2), threading.Event()

    def start() -> None:
        while not done.wait(1):
            deployed.between.append(deployed.deployment.start(request))

    starting = threading.Thread(target=start)
    starting.start()
    try:
        yield
    finally:
        done.set()
        starting.join()


@pytest.fixture(scope="module")
def assembly(
    deployment: Deployment,
    models: Path,
    saved_models: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """The stages with a second version of ``vector``, whose weights are twice the first's."""
    folder = tmp_path_factory.mktemp("changed")
    shutil.copytree(models, folder / "models")
    shutil.copytree(saved_models / "vector" / "2", folder / "models" / "vector" / "2")
    app = ("--app", f"{sys.executable} -m tests.stages", "--output", str(folder / "out"))
    deployment.run(CDK, "synth", "--quiet", *app, **{MODELS: str(folder / "models")})
    return folder / "out"


@pytest.fixture(scope="module")
def deployed(deployment: Deployment, assembly: Path) -> Deployed:
    arn = deployment.start(_request(deployment, "in-flight", _OBJECTS))
    made = Deployed(deployment=deployment, in_flight=arn, before=set())
    made.before = set(made.models())
    paused: set[int] = set()
    deadline = time.monotonic() + 60
    while len(paused) < _JOBS and time.monotonic() < deadline:
        paused |= _pause_jobs(deployment)
        time.sleep(0.02)
    assert {one["TransformJobStatus"] for one in deployment.jobs(arn)} == {"InProgress"}
    with _runs_start(made):
        deployment.run(
            *(CDK, "deploy", "tfbatch-dev-inference", "--exclusively"),
            *("--require-approval", "never", "--app", str(assembly)),
        )
    made.clean_up()
    made.kept = made.models()
    for pid in paused:
        os.kill(pid, signal.SIGCONT)
    return made


def test_a_run_ends_with_the_model_it_began_with(deployed: Deployed) -> None:
    assert deployed.predictions(deployed.in_flight) == {_OLD}
    jobs = deployed.deployment.jobs(deployed.in_flight)
    assert len(jobs) == _JOBS + 1
    assert len({job["ModelName"] for job in jobs}) == 1
    output = json.loads(deployed.deployment.wait(deployed.in_flight)["output"])
    assert output["summary"]["outputs"] == _OBJECTS


def test_a_run_that_starts_during_the_deployment_uses_one_model(deployed: Deployed) -> None:
    assert deployed.between
    for arn in deployed.between:
        assert deployed.predictions(arn) in ({_OLD}, {_NEW})


def test_a_run_after_the_deployment_uses_the_new_model(deployed: Deployed) -> None:
    arn = deployed.deployment.start(_request(deployed.deployment, "after", 2))
    assert deployed.predictions(arn) == {_NEW}


def test_a_replaced_model_is_deleted_when_no_run_can_use_it(deployed: Deployed) -> None:
    (new,) = deployed.kept.keys() - deployed.before
    (old,) = {job["ModelName"] for job in deployed.deployment.jobs(deployed.in_flight)}
    assert deployed.kept.keys() == deployed.before | {new}
    assert set(deployed.kept.values()) == {None}  # the old one was in use

    for arn in (deployed.in_flight, *deployed.between):
        deployed.deployment.wait(arn)
    deployed.clean_up()
    marked = deployed.models()
    assert marked.keys() == deployed.kept.keys()  # the run could still be redriven
    assert {name for name, mark in marked.items() if mark} == {old}

    _mark(deployed, old, "2026-01-01T00:00:00.000Z")
    _mark(deployed, new, "2026-01-01T00:00:00.000Z")  # as if an old run had been redriven
    deployed.clean_up()
    left = deployed.models()
    assert left.keys() == deployed.kept.keys() - {old}
    assert set(left.values()) == {None}


def _mark(deployed: Deployed, name: str, value: str) -> None:
    sagemaker = deployed.deployment.client("sagemaker")
    arn = sagemaker.describe_model(ModelName=name)["ModelArn"]
    sagemaker.delete_tags(ResourceArn=arn, TagKeys=[UNUSED_SINCE])
    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": UNUSED_SINCE, "Value": value}])
