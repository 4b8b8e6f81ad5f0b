"""The states of the state machine in ``job_age.py``, in the Amazon States Language."""

from __future__ import annotations

from typing import Any

from tfbatch_cdk.monitoring import metrics
from tfbatch_cdk.workflow.asl import jsonata
from tfbatch_cdk.workflow.fields import jobs_of_stage

_MAX_JOBS = 100
"""More than a stage runs at a time; the list starts with the oldest."""

_HOURS_SINCE = "($toMillis($now()) - $toMillis({moment})) / 3600000"

_OLDEST = f"""
(
  $ours := $states.result.TransformJobSummaries[
    $substringBefore(TransformJobName, $prefix) = '' and $contains(TransformJobName, $prefix)
  ];
  $ages := $ours.({_HOURS_SINCE.format(moment="CreationTime")});
  {{'jobs': $count($ours), 'hours': $count($ours) > 0 ? $max($ages) : 0}}
)
"""

_LAST_RUN = f"""
(
  $last := $states.result.Executions[0].StartDate;
  $exists($last) ? {_HOURS_SINCE.format(moment="$last")} : null
)
"""

_AGE_OF_WORKFLOW = f"{_HOURS_SINCE.format(moment='$states.result.CreationDate')}"


def definition(*, stage: str, workflow: str, partition: str) -> dict[str, Any]:
    """The state machine that measures the ARN ``workflow`` and the jobs of ``stage``."""
    sdk = f"arn:{partition}:states:::aws-sdk"
    return {
        "Comment": "tfbatch: how old is the oldest running job, and when did the last run begin?",
        "QueryLanguage": "JSONata",
        "StartAt": "Know the stage",
        "States": {
            "Know the stage": {
                "Type": "Pass",
                "Assign": {"prefix": jobs_of_stage(stage)},
                "Next": "List the running jobs",
            },
            "List the running jobs": {
                "Type": "Task",
                "Resource": f"{sdk}:sagemaker:listTransformJobs",
                "Arguments": {
                    "NameContains": jsonata("$prefix"),
                    "StatusEquals": "InProgress",
                    "SortBy": "CreationTime",
                    "SortOrder": "Ascending",
                    "MaxResults": _MAX_JOBS,
                },
                "Assign": {"oldest": jsonata(_OLDEST)},
                "Next": "When was the last run?",
            },
            "When was the last run?": {
                "Type": "Task",
                "Resource": f"{sdk}:sfn:listExecutions",
                "Arguments": {"StateMachineArn": workflow, "MaxResults": 1},
                "Assign": {"pause": jsonata(_LAST_RUN)},
                "Next": "How old is the workflow?",
            },
            "How old is the workflow?": {
                "Type": "Task",
                "Resource": f"{sdk}:sfn:describeStateMachine",
                "Arguments": {"StateMachineArn": workflow},
                "Assign": {"pause": jsonata(f"$pause != null ? $pause : {_AGE_OF_WORKFLOW}")},
                "Next": "Tell",
            },
            "Tell": _publish(sdk, stage),
        },
    }


def _publish(sdk: str, stage: str) -> dict[str, Any]:
    values = {
        metrics.OLDEST_JOB_HOURS: "$oldest.hours",
        metrics.RUNNING_JOBS: "$oldest.jobs",
        metrics.HOURS_SINCE_LAST_RUN: "$pause",
    }
    return {
        "Type": "Task",
        "Resource": f"{sdk}:cloudwatch:putMetricData",
        "Arguments": {
            "Namespace": metrics.NAMESPACE,
            "MetricData": [
                {
                    "MetricName": name,
                    "Dimensions": [{"Name": metrics.STAGE, "Value": stage}],
                    "Value": jsonata(value),
                }
                for name, value in values.items()
            ],
        },
        "End": True,
    }
