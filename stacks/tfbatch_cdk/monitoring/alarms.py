"""The alarms of a stage, which notify one topic; ``docs/operations.md`` has their runbooks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from constructs import Construct

from tfbatch_cdk.monitoring import metrics

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aws_cdk import aws_sns as sns

    from tfbatch_cdk.settings import Watch

_CRON_HOURS = 25.0
_HOURS_OF = {"minute": 1 / 60, "hour": 1.0, "day": 24.0}
_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_RUNBOOK = "Runbook: docs/operations.md"


class Alarms(Construct):
    """The alarms; each description links to a runbook."""

    def __init__(  # noqa: PLR0913 # keyword-only
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: str,
        watch: Watch,
        schedules: Iterable[str],
        state_machine_arn: str,
        topic: sns.ITopic,
    ) -> None:
        super().__init__(scope, construct_id)
        self._topic = topic
        self.all = [
            self._above(
                "FailedRun", "A run failed or took too long", _failed(state_machine_arn), 0
            ),
            self._above(
                "Exceptions",
                f"More than {watch.exception_percent:g} % of a run has no prediction",
                metrics.of_stage(stage, metrics.EXCEPTION_PERCENT, statistic="Maximum"),
                watch.exception_percent,
            ),
            self._above(
                "CostOfRun",
                f"A run cost more than {watch.usd_per_run:g} USD",
                metrics.of_stage(stage, metrics.USD, statistic="Maximum"),
                watch.usd_per_run,
            ),
            self._above(
                "StuckJob",
                f"A transform job runs for more than {watch.stuck_hours:g} hours, or nobody looks",
                metrics.of_stage(stage, metrics.OLDEST_JOB_HOURS, statistic="Maximum"),
                watch.stuck_hours,
                missing_data=cloudwatch.TreatMissingData.BREACHING,
            ),
        ]
        hours = watch.expect_run_every_hours or max_hours_without_run(schedules)
        if hours:
            self.all.append(
                self._above(
                    "NoRun",
                    f"No run began for more than {hours:g} hours, though one was scheduled",
                    metrics.of_stage(stage, metrics.HOURS_SINCE_LAST_RUN, statistic="Minimum"),
                    hours,
                    missing_data=cloudwatch.TreatMissingData.BREACHING,
                )
            )

    def _above(
        self,
        construct_id: str,
        description: str,
        metric: cloudwatch.IMetric,
        threshold: float,
        *,
        missing_data: cloudwatch.TreatMissingData = cloudwatch.TreatMissingData.NOT_BREACHING,
    ) -> cloudwatch.Alarm:
        alarm = cloudwatch.Alarm(
            self,
            construct_id,
            alarm_description=f"{description}. {_RUNBOOK}#{construct_id.lower()}",
            metric=metric,
            threshold=threshold,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            # A metric that is missing for one period may only be late.
            evaluation_periods=3 if missing_data is cloudwatch.TreatMissingData.BREACHING else 1,
            treat_missing_data=missing_data,
        )
        alarm.add_alarm_action(actions.SnsAction(self._topic))
        alarm.add_ok_action(actions.SnsAction(self._topic))
        return alarm


def _failed(state_machine_arn: str) -> cloudwatch.MathExpression:
    """Failed and timed-out runs, without aborted ones.

    Step Functions publishes a metric only when it counts, and a sum with a missing metric is
    missing too (CloudWatch user guide, "Using metric math", FILL).
    """
    return cloudwatch.MathExpression(
        expression="FILL(failed, 0) + FILL(late, 0)",
        using_metrics={
            "failed": metrics.of_executions(state_machine_arn, "ExecutionsFailed"),
            "late": metrics.of_executions(state_machine_arn, "ExecutionsTimedOut"),
        },
        label="Failed runs",
        period=metrics.PERIOD,
    )


def max_hours_without_run(schedules: Iterable[str]) -> float | None:
    """The longest normal time between two runs, in hours, with an hour to spare.

    Returns:
        The shortest of the schedules; ``None`` without one. A ``cron`` expression counts as daily.
    """
    hours = [_hours(expression) for expression in schedules]
    return min(hours) if hours else None


def _hours(expression: str) -> float:
    found = _RATE.fullmatch(expression)
    return int(found[1]) * _HOURS_OF[found[2]] + 1 if found else _CRON_HOURS
