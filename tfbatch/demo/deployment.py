"""Deploys the app into a sandbox with the CDK, and finds its resources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tfbatch.aws import cdk
from tfbatch.demo.errors import DemoError

if TYPE_CHECKING:
    from pathlib import Path

    from mypy_boto3_cloudformation import CloudFormationClient

_STAGE = "dev"
STACKS = (f"tfbatch-{_STAGE}-data", f"tfbatch-{_STAGE}-inference")


@dataclass(frozen=True, kw_only=True, slots=True)
class Deployment:
    """The deployed stacks of the demo."""

    input_bucket: str
    state_machine: str
    """Its ARN."""


def bootstrap(directory: Path, *, account: str, region: str) -> None:
    """Run cdk bootstrap, which needs no app if the environment is given."""
    cdk.run("bootstrap", f"aws://{account}/{region}", directory=directory, app=False)


def deploy(directory: Path) -> None:
    """Deploy all stacks of the stage."""
    arguments = ("--all", "--require-approval", "never", "--context", f"stage={_STAGE}")
    output = ("--output", str(directory / "cdk.out"))  # two demos at a time must not share one
    cdk.run("deploy", *arguments, *output, directory=directory)


def find(cloudformation: CloudFormationClient) -> Deployment:
    """Read the outputs of the stacks.

    Raises:
        DemoError: a stack lacks an output.
    """
    outputs = {
        output["OutputKey"]: output["OutputValue"]
        for name in STACKS
        for stack in cloudformation.describe_stacks(StackName=name)["Stacks"]
        for output in stack.get("Outputs", [])
    }
    try:
        return Deployment(
            input_bucket=outputs["InputBucketName"], state_machine=outputs["StateMachineArn"]
        )
    except KeyError as error:
        found = ", ".join(outputs) or "none"
        raise DemoError(f"the stacks have no output {error.args[0]}: they have {found}") from None
