"""One deployment for all examples; CIFAR-10's model is trained while the account is prepared."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from examples import photographs
from tests.deployment import CDK, Deployment
from tests.end_to_end.examples.app import CIFAR10
from tests.paths import REPOSITORY
from tfbatch_sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PHOTOGRAPHS = 3
_AT_ONCE = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Trained:
    """What ``examples.cifar10.train`` has left, and said."""

    data: Path
    model: Path
    said: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Examples:
    """A deployment, and what the examples are run on."""

    deployment: Deployment
    trained: Trained
    photographs: Path
    """A folder of a few."""
    tfrecords: Path
    """A folder that is not there yet."""

    def run(self, example: str, way: str) -> str:
        """Run an example's script as a person does; what it says."""
        given = {
            "cifar10": [self.trained.data],
            "open_images_jpeg": [self.photographs],
            "open_images_tfrecord": [self.photographs, self.tfrecords / way],
        }[example]
        command = {
            "bash": ("bash", f"examples/{example}/run.sh"),
            "python": (sys.executable, "-m", f"examples.{example}.run"),
        }[way]
        return self.deployment.run(*command, *map(str, given))

    def outputs_of(self, folder: str) -> dict[str, bytes]:
        """What the execution over a folder of the input bucket has written."""
        sfn = self.deployment.client("stepfunctions")
        machine = self.deployment.outputs["StateMachineArn"]
        for found in sfn.list_executions(stateMachineArn=machine)["executions"]:
            execution = sfn.describe_execution(executionArn=found["executionArn"])
            if json.loads(execution["input"])["input"].endswith(f"/{folder}/"):
                return self.deployment.read(json.loads(execution["output"])["output"])
        raise LookupError(folder)


@pytest.fixture(scope="session")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Examples]:
    folder = tmp_path_factory.mktemp("examples")
    with (
        Sandbox.start(state_dir=folder / "sandbox") as sandbox,
        ThreadPoolExecutor() as threads,
    ):
        bare = Deployment(sandbox=sandbox, outputs={})
        training = threads.submit(_train, folder / "cifar10")
        output = ("--output", str(folder / "cdk.out"))  # the checkout's own may be in use
        bare.bootstrap()
        trained = training.result()
        bare.run(
            *(CDK, "deploy", "--all", "--require-approval", "never", *output),
            *("--app", f"{sys.executable} -m tests.end_to_end.examples.app"),
            **{CIFAR10: str(trained.model)},
        )
        photographs.write(folder / "photographs", count=_PHOTOGRAPHS)
        yield Examples(
            deployment=Deployment.of(sandbox),
            trained=trained,
            photographs=folder / "photographs",
            tfrecords=folder / "tfrecords",
        )


@pytest.fixture(scope="session")
def said(examples: Examples) -> dict[tuple[str, str], str]:
    """What every script says, by example and way; some are run at a time, for they mostly wait."""
    runs = [
        (example, way)
        for way in ("python", "bash")
        for example in ("open_images_jpeg", "open_images_tfrecord", "cifar10")
    ]
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        return dict(zip(runs, threads.map(lambda run: examples.run(*run), runs), strict=True))


def _train(folder: Path) -> Trained:
    data, model = folder / "data", folder / "model"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "examples.cifar10.train", "--offline"),
            *("--data", str(data), "--model", str(model)),
        ],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return Trained(data=data, model=model, said=done.stdout)
