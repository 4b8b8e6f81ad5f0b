"""What the ``run.py`` of every example shares: the deployed stacks, and an execution to its end."""

from __future__ import annotations

import json
import sys
import time

import boto3


def outputs() -> dict[str, str]:
    """Return the outputs of the deployed stacks by their names."""
    cloudformation = boto3.client("cloudformation")
    return {
        output["OutputKey"]: output["OutputValue"]
        for name in ("tfbatch-dev-data", "tfbatch-dev-inference")
        for output in cloudformation.describe_stacks(StackName=name)["Stacks"][0]["Outputs"]
    }


def run(request: dict[str, str]) -> tuple[str, str]:
    """Start an execution, wait for its end and return bucket and prefix of its predictions.

    Raises:
        SystemExit: the execution failed; the message is its error and cause.
    """
    sfn = boto3.client("stepfunctions")
    execution = sfn.start_execution(
        stateMachineArn=outputs()["StateMachineArn"], input=json.dumps(request)
    )["executionArn"]
    while (found := sfn.describe_execution(executionArn=execution))["status"] == "RUNNING":
        time.sleep(1)
    print("status:", found["status"])
    if found["status"] != "SUCCEEDED":
        sys.exit(f"{found.get('error')}: {found.get('cause')}")
    bucket, _, prefix = json.loads(found["output"])["output"].removeprefix("s3://").partition("/")
    return bucket, prefix
