"""The CloudWatch dashboard of a stage: runs, speed, utilization, cost and errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from tfbatch_cdk.monitoring import metrics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs import Construct

_HALF = 12
_ENDS = ("ExecutionsStarted", "ExecutionsSucceeded", "ExecutionsFailed", "ExecutionsAborted")
_JOB_USE = {
    "GPU": ("GPUUtilization", "GPUMemoryUtilization"),
    "CPU": ("CPUUtilization", "MemoryUtilization"),
}


def dashboard(
    scope: Construct, *, stage: str, state_machine_arn: str, alarms: Sequence[cloudwatch.IAlarm]
) -> None:
    """Add the dashboard ``tfbatch-<stage>``."""
    mean = {"statistic": "Average"}
    cloudwatch.Dashboard(
        scope,
        "Dashboard",
        dashboard_name=f"tfbatch-{stage}",
        default_interval=Duration.days(7),
        widgets=[
            [cloudwatch.AlarmStatusWidget(alarms=list(alarms), title="Alarms", width=24, height=3)],
            [
                _graph("Runs", [metrics.of_executions(state_machine_arn, one) for one in _ENDS]),
                _graph(
                    "Records a second, a run each",
                    [metrics.of_stage(stage, "RecordsPerSecond", **mean)],
                ),
            ],
            [
                _graph(
                    "Age of the oldest running job, hours",
                    [metrics.of_stage(stage, metrics.OLDEST_JOB_HOURS, statistic="Maximum")],
                    right=[metrics.of_stage(stage, metrics.RUNNING_JOBS, statistic="Maximum")],
                ),
                _graph(
                    "Without a prediction",
                    [metrics.of_stage(stage, name, statistic="Sum") for name in _TROUBLE],
                    right=[metrics.of_stage(stage, metrics.EXCEPTION_PERCENT, statistic="Maximum")],
                ),
            ],
            [
                _graph(
                    "USD for 1,000 records",
                    [metrics.of_stage(stage, "UsdPerThousand", **mean)],
                    right=[metrics.of_stage(stage, metrics.USD, statistic="Sum")],
                ),
                _graph(
                    "Inputs and outputs",
                    [metrics.of_stage(stage, name, statistic="Sum") for name in _COUNTS],
                ),
            ],
            [
                _graph(
                    f"{what} use of jobs, %",
                    [metrics.of_jobs(stage, name) for name in names],
                )
                for what, names in _JOB_USE.items()
            ],
        ],
    )


_TROUBLE = ("Exceptions", "RecordErrors")
_COUNTS = ("Inputs", "Outputs")


def _graph(
    title: str, left: Sequence[cloudwatch.IMetric], right: Sequence[cloudwatch.IMetric] = ()
) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(title=title, left=list(left), right=list(right), width=_HALF)
