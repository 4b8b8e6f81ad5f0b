"""Names and dimensions of the CloudWatch metrics that the alarms and the dashboard use.

The functions write metrics in the Embedded Metric Format (``tfbatch_functions/runtime/metrics.py``)
and ``job_age.py`` puts its own. Step Functions and SageMaker publish the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMESPACE: Final = "tfbatch"
STAGE: Final = "Stage"
"""The dimension of the metrics, since stages may share an account."""

OLDEST_JOB_HOURS: Final = "OldestJobHours"
RUNNING_JOBS: Final = "RunningJobs"
HOURS_SINCE_LAST_RUN: Final = "HoursSinceLastRun"
EXCEPTION_PERCENT: Final = "ExceptionPercent"
USD: Final = "Usd"

PERIOD: Final = Duration.minutes(5)


def of_stage(stage: str, name: str, *, statistic: str) -> cloudwatch.Metric:
    """A metric of the functions or of ``job_age.py``."""
    return _metric(NAMESPACE, name, {STAGE: stage}, statistic)


def of_executions(state_machine_arn: str, name: str) -> cloudwatch.Metric:
    """A metric of Step Functions, such as ``ExecutionsFailed``."""
    return _metric("AWS/States", name, {"StateMachineArn": state_machine_arn}, "Sum")


def of_jobs(stage: str, name: str) -> cloudwatch.MathExpression:
    """A metric of every instance of a stage's transform jobs.

    A search without quotes looks for words of the host's name (CloudWatch user guide, "search
    expression syntax"); in quotes it would be the whole name.
    """
    host = f"Host=(tfbatch AND {stage})"
    search = f'{{/aws/sagemaker/TransformJobs,Host}} MetricName="{name}" {host}'
    return cloudwatch.MathExpression(
        expression=f"SEARCH('{search}', 'Average', 60)",
        using_metrics={},
        label="",
        period=Duration.minutes(1),
    )


def _metric(
    namespace: str, name: str, dimensions: Mapping[str, str], statistic: str
) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=namespace,
        metric_name=name,
        dimensions_map=dict(dimensions),
        statistic=statistic,
        period=PERIOD,
    )
