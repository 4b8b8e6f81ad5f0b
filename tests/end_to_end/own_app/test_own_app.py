"""``examples/own_app``: a team's VPC, key and bucket, deployed and run with IAM enforced.

The sandbox uses nothing that only Linux has, as on a Mac.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.deployment import CDK, Deployment
from tests.executions import photo
from tfbatch_sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def team(saved_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    state = tmp_path_factory.mktemp("own_app")
    with Sandbox.start(state_dir=state / "sandbox", portable=True) as sandbox:
        bare = Deployment(sandbox=sandbox, outputs={})
        bare.bootstrap()
        bare.run(
            *(CDK, "deploy", "--all", "--require-approval", "never"),
            *("--app", f"{sys.executable} -m examples.own_app.app"),
            *("--output", str(state / "cdk.out")),
            MODEL=str(saved_models / "image"),
        )
        yield Deployment.of(sandbox, stacks="Photos")


def test_it_predicts_every_photograph_in_the_teams_bucket(team: Deployment) -> None:
    folder = team.upload("holidays", {f"{n}.jpg": photo(n) for n in range(3)})
    done = team.execute({"input": folder, "format": "jpeg"})
    assert done["status"] == "SUCCEEDED", done
    found = team.read(done_output(done))
    assert sorted(name for name in found if name.endswith(".out")) == [
        f"{n}.jpg.out" for n in range(3)
    ]


def done_output(execution: dict[str, Any]) -> str:
    uri: str = json.loads(execution["output"])["output"]
    return uri


def test_everything_is_in_the_teams_stack(team: Deployment) -> None:
    stacks = team.client("cloudformation").describe_stacks()["Stacks"]
    assert {one["StackName"] for one in stacks} == {"CDKToolkit", "Photos"}
