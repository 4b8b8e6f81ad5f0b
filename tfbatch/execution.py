"""Starts executions of the deployed state machine and reads how they stand."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stacks.workflow.fields import job_prefix

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_stepfunctions import SFNClient


class ExecutionError(Exception):
    """An execution did not succeed; the message has the error and the cause it gave."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Execution:
    """One run of the state machine."""

    sfn: SFNClient
    arn: str

    @classmethod
    def start(cls, sfn: SFNClient, *, state_machine: str, request: Mapping[str, Any]) -> Execution:
        """Start an execution.

        Args:
            sfn: client of Step Functions.
            state_machine: its ARN.
            request: the fields of ``stacks.workflow.fields``.
        """
        started = sfn.start_execution(stateMachineArn=state_machine, input=json.dumps(request))
        return cls(sfn=sfn, arn=started["executionArn"])

    def job(self, sagemaker: SageMakerClient) -> str | None:
        """Return the name of its newest transform job once there is one."""
        prefix = job_prefix(self.arn.rpartition(":")[2])
        jobs = sagemaker.list_transform_jobs(
            NameContains=prefix, SortBy="CreationTime", SortOrder="Descending", MaxResults=1
        )["TransformJobSummaries"]
        return jobs[0]["TransformJobName"] if jobs else None

    def output(self) -> dict[str, Any] | None:
        """Return what it reports, or ``None`` while it runs.

        Raises:
            ExecutionError: it failed, timed out or was aborted.
        """
        found = self.sfn.describe_execution(executionArn=self.arn)
        match found["status"]:
            case "RUNNING" | "PENDING_REDRIVE":
                return None
            case "SUCCEEDED":
                output: dict[str, Any] = json.loads(found["output"])
                return output
        error, cause = found.get("error", found["status"]), found.get("cause", "no cause was given")
        raise ExecutionError(f"{error}: {cause}")
