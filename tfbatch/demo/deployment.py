"""Deploys the app into a sandbox with the CDK, and finds its resources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tfbatch.aws import cdk
from tfbatch.demo.errors import DemoError

if TYPE_CHECKING:
    from pathlib import Path

    from mypy_boto3_cloudformation import CloudFormationClient


@dataclass(frozen=True, kw_only=True, slots=True)
class Deployment:
    """The deployed stacks of the demo."""

    input_bucket: str
    state_machine: str
    """Its ARN."""


def bootstrap(directory: Path, *, account: str, region: str) -> None:
    """Run cdk bootstrap, which needs no app if the environment is given."""
    cdk.run("bootstrap", f"aws://{account}/{region}", directory=directory, app=False)


def stacks(stage: str) -> tuple[str, str]:
    """The names of a stage's stacks."""
    return f"tfbatch-{stage}-data", f"tfbatch-{stage}-inference"


def deploy(directory: Path, *, stage: str) -> None:
    """Deploy all stacks of a stage."""
    arguments = ("--all", "--require-approval", "never", "--context", f"stage={stage}")
    output = ("--output", str(directory / "cdk.out"))  # two demos at a time must not share one
    cdk.run("deploy", *arguments, *output, directory=directory)


def find(cloudformation: CloudFormationClient, *, stage: str) -> Deployment:
    """Read the outputs of a stage's stacks.

    Raises:
        DemoError: a stack lacks an output.
    """
    outputs = {
        output["OutputKey"]: output["OutputValue"]
        for name in stacks(stage)
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
