"""One deployment for all examples; CIFAR-10's model is trained while the account is prepared."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from examples import photographs
from sandbox.process import Sandbox
from stacks.settings import REPOSITORY
from tests.examples.app import CIFAR10
from tests.workflow.conftest import Deployment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PHOTOGRAPHS = 3


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

    def bash(self, example: str, *arguments: Path) -> str:
        """Run an example's script of the AWS command line; what it says."""
        return self.deployment.run("bash", f"examples/{example}/run.sh", *map(str, arguments))

    def python(self, example: str, *arguments: Path) -> str:
        """Run an example's script of boto3; what it says."""
        return self.deployment.run(
            sys.executable, "-m", f"examples.{example}.run", *map(str, arguments)
        )


@pytest.fixture(scope="session")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Examples]:
    folder = tmp_path_factory.mktemp("examples")
    with (
        Sandbox.start(state_dir=folder / "sandbox") as sandbox,
        ThreadPoolExecutor() as threads,
    ):
        bare = Deployment(sandbox=sandbox, outputs={})
        training = threads.submit(_train, folder / "cifar10")
        cdk = str(REPOSITORY / "node_modules" / ".bin" / "cdk")
        output = ("--output", str(folder / "cdk.out"))  # the checkout's own may be in use
        environment = f"aws://{sandbox.account_id}/{sandbox.region}"
        # Away from cdk.json, whose app bootstrapping needn't wait for.
        bare.run("env", "--chdir", str(folder), cdk, "bootstrap", environment)
        trained = training.result()
        bare.run(
            *(cdk, "deploy", "--all", "--require-approval", "never", *output),
            *("--app", f"{sys.executable} -m tests.examples.app"),
            **{CIFAR10: str(trained.model)},
        )
        photographs.write(folder / "photographs", count=_PHOTOGRAPHS)
        yield Examples(
            deployment=Deployment(sandbox=sandbox, outputs=_outputs(bare)),
            trained=trained,
            photographs=folder / "photographs",
        )


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


def _outputs(deployment: Deployment) -> dict[str, str]:
    stacks = deployment.client("cloudformation").describe_stacks()["Stacks"]
    return {
        output["OutputKey"]: output["OutputValue"]
        for stack in stacks
        for output in stack.get("Outputs", [])
    }
