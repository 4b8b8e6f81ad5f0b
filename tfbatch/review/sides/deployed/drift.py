"""Asks CloudFormation which deployed resources someone changed or deleted by hand."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tfbatch.review.finding import Finding, Section, Severity
from tfbatch.review.sides.deployed.stacks import client_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackResourceDriftTypeDef

    from tfbatch.review.finding import Row
    from tfbatch.review.sides.assembly import Stage

_SECONDS = 300
_PAUSE_SECONDS = 2.0
_UNCHECKED = ("NOT_CHECKED", "UNKNOWN", "UNSUPPORTED")
_GONE = "deleted by hand"


def findings(stage: Stage) -> Iterator[Finding]:
    """The resources of a deployed stage that aren't what its templates say.

    It calls ``DetectStackDrift``, which changes no resource: CloudFormation reads each one, with
    the rights of the credentials, and notes the time of the check at the stack.

    Args:
        stage: as it is deployed.
    """
    from botocore.exceptions import ClientError  # noqa: PLC0415 # only if requested

    for name, stack in stage.stacks.items():
        client = client_of(stack)
        try:
            reason = _detected(client, stack.deployed_name)
            drifts = list(_drifts(client, stack.deployed_name))
        except ClientError as error:
            yield _not_compared(stage, stack.deployed_name, str(error))
            continue
        if reason:
            yield _not_compared(stage, stack.deployed_name, reason)
        rows = [row for one in drifts for row in _rows(stage, name, one)]
        if rows:
            yield _changed(stage, stack.deployed_name, rows, drifts)


def _detected(client: CloudFormationClient, name: str) -> str:
    """Look for drift, and wait for the end; why it isn't complete, or nothing."""
    identity = client.detect_stack_drift(StackName=name)["StackDriftDetectionId"]
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end:
        found = client.describe_stack_drift_detection_status(StackDriftDetectionId=identity)
        if found["DetectionStatus"] != "DETECTION_IN_PROGRESS":
            return found.get("DetectionStatusReason", "")
        time.sleep(_PAUSE_SECONDS)
    return f"CloudFormation still looked for changes after {_SECONDS} seconds"


def _drifts(client: CloudFormationClient, name: str) -> Iterator[StackResourceDriftTypeDef]:
    """Every resource's drift. botocore has no paginator for it."""
    token: str | None = None
    while True:
        more = {"NextToken": token} if token else {}
        page = client.describe_stack_resource_drifts(StackName=name, **more)  # type: ignore[arg-type]
        yield from page["StackResourceDrifts"]
        token = page.get("NextToken")
        if not token:
            return


def _rows(stage: Stage, stack: str, drift: StackResourceDriftTypeDef) -> Iterator[Row]:
    key = (stack, drift["LogicalResourceId"])
    name = str(stage.resources[key]) if key in stage.resources else drift["LogicalResourceId"]
    if drift["StackResourceDriftStatus"] == "DELETED":
        yield name, "", _GONE
    for one in drift.get("PropertyDifferences", []):
        path = one["PropertyPath"].strip("/").replace("/", ".")
        yield f"{name}: {path}", one["ExpectedValue"], one["ActualValue"]


def _changed(
    stage: Stage, stack: str, rows: list[Row], drifts: list[StackResourceDriftTypeDef]
) -> Finding:
    unchecked = sum(one["StackResourceDriftStatus"] in _UNCHECKED for one in drifts)
    beside = f" {unchecked} resources are of types that CloudFormation doesn't check."
    return Finding(
        section=Section.HURT,
        rule="resource-drift",
        severity=Severity.ATTENTION,
        title=f"Resources of {stack} were changed by hand",
        why="The table has the template's value, and the real one. A deployment overwrites only "
        "what the change touches." + (beside if unchecked else ""),
        rows=tuple(rows),
        stages=(stage.name,),
    )


def _not_compared(stage: Stage, stack: str, reason: str) -> Finding:
    return Finding(
        section=Section.CHECKS,
        rule="drift-not-compared",
        severity=Severity.ATTENTION,
        title=f"Not all resources of {stack} were looked at for changes by hand",
        why=f"{reason.rstrip('.')}. It needs `cloudformation:DetectStackDrift`, the two operations "
        "that describe what it found, and the right to read each resource.",
        stages=(stage.name,),
    )
