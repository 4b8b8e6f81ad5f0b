"""DetectStackDrift, and what it found. moto has none of it.

As on AWS, only properties that the template sets are compared, and types without a reader are
NOT_CHECKED. Source: docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-drift.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from moto.cloudformation.responses import CloudFormationResponse
from moto.core.responses import ActionResult

from tfbatch_sandbox.services.cloudformation import stack_resources
from tfbatch_sandbox.services.cloudformation.drift import live
from tfbatch_sandbox.services.errors import refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from moto.cloudformation.models import CloudFormationBackend, Stack

    from tfbatch_sandbox.services.json_type import Json
    from tfbatch_sandbox.services.runtime import Runtime

_DRIFTED = ("MODIFIED", "DELETED")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Detection:
    """One detection of a stack's drift."""

    identity: str
    time: datetime
    drifts: list[Json]

    @property
    def count(self) -> int:
        """The number of resources that drifted."""
        return sum(one["StackResourceDriftStatus"] in _DRIFTED for one in self.drifts)


def install(_runtime: Runtime) -> None:
    """Add the three operations."""
    CloudFormationResponse.detect_stack_drift = _detect
    CloudFormationResponse.describe_stack_drift_detection_status = _status
    CloudFormationResponse.describe_stack_resource_drifts = _resource_drifts


def _detect(response: CloudFormationResponse) -> ActionResult:
    stack = _stack(response)
    made = _Detection(
        identity=str(uuid.uuid4()), time=datetime.now(UTC), drifts=list(_compared(stack))
    )
    stack.tfbatch_drift = made
    return ActionResult({"StackDriftDetectionId": made.identity})


def _status(response: CloudFormationResponse) -> ActionResult:
    wanted = response._get_param("StackDriftDetectionId")  # noqa: SLF001 - moto has no public seam here
    for stack in response.cloudformation_backend.stacks.values():
        found: _Detection | None = getattr(stack, "tfbatch_drift", None)
        if found is not None and found.identity == wanted:
            return ActionResult(
                {
                    "StackId": stack.stack_id,
                    "StackDriftDetectionId": wanted,
                    "StackDriftStatus": "DRIFTED" if found.count else "IN_SYNC",
                    "DetectionStatus": "DETECTION_COMPLETE",
                    "DriftedStackResourceCount": found.count,
                    "Timestamp": found.time,
                }
            )
    raise refusal(f"Drift detection with id {wanted} does not exist")


def _resource_drifts(response: CloudFormationResponse) -> ActionResult:
    found: _Detection | None = getattr(_stack(response), "tfbatch_drift", None)
    wanted = response._get_param("StackResourceDriftStatusFilters") or []  # noqa: SLF001
    drifts = found.drifts if found else []
    return ActionResult(
        {
            "StackResourceDrifts": [
                one for one in drifts if not wanted or one["StackResourceDriftStatus"] in wanted
            ]
        }
    )


def _stack(response: CloudFormationResponse) -> Stack:
    backend: CloudFormationBackend = response.cloudformation_backend
    return backend.get_stack(response._get_param("StackName"))  # noqa: SLF001


def _compared(stack: Stack) -> Iterator[Json]:
    place = live.Place(account=stack.account_id, region=stack.region_name)
    expected = stack_resources.meanings(stack.resource_map)
    for logical_id, resource in stack_resources.existing(stack.resource_map).items():
        body = expected.get(logical_id, {})
        physical_id = getattr(resource, "physical_resource_id", None)
        if body.get("Type") and physical_id:
            yield {
                "StackId": stack.stack_id,
                "LogicalResourceId": logical_id,
                "PhysicalResourceId": physical_id,
                "ResourceType": body["Type"],
                "Timestamp": datetime.now(UTC),
                **_drift(body, place, physical_id),
            }


def _drift(body: Json, place: live.Place, physical_id: str) -> Json:
    if body["Type"] not in live.READERS:
        return {"StackResourceDriftStatus": "NOT_CHECKED"}
    expected = body.get("Properties", {})
    actual = live.read(body["Type"], place, physical_id)
    if actual is None:
        return {
            "StackResourceDriftStatus": "DELETED",
            "ExpectedProperties": json.dumps(expected, default=str),
        }
    known = {name: expected[name] for name in actual if name in expected}
    differences = list(_differences(known, actual, ""))
    return {
        "StackResourceDriftStatus": "MODIFIED" if differences else "IN_SYNC",
        "ExpectedProperties": json.dumps(known, default=str),
        "ActualProperties": json.dumps({name: actual[name] for name in known}, default=str),
        "PropertyDifferences": differences,
    }


def _differences(expected: Any, actual: Any, path: str) -> Iterator[Json]:  # noqa: ANN401 - JSON
    """The values that a template sets, and that are others now."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        for name, value in expected.items():
            yield from _differences(value, actual.get(name), f"{path}/{name}")
    elif _text(expected) != _text(actual):
        yield {
            "PropertyPath": path,
            "ExpectedValue": _text(expected),
            "ActualValue": _text(actual),
            "DifferenceType": "REMOVE" if actual is None else "NOT_EQUAL",
        }


def _text(value: Any) -> str:  # noqa: ANN401 - JSON
    """A value as CloudFormation reports it; a text that is JSON by its content."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return str(value)
    return json.dumps(value, sort_keys=True)
