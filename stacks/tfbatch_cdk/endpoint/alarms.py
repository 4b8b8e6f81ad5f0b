"""The alarms of an endpoint, which notify a topic.

Source of the metrics: "Metrics for monitoring Amazon SageMaker AI with Amazon CloudWatch".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from constructs import Construct

from tfbatch_cdk.endpoint.endpoint import VARIANT

if TYPE_CHECKING:
    from aws_cdk import aws_sns as sns

    from tfbatch_cdk import settings
    from tfbatch_cdk.endpoint.endpoint import RealTimeEndpoint

_INVOCATIONS = "AWS/SageMaker"
_INSTANCES = "/aws/sagemaker/Endpoints"
_MINUTES = 5
_BAD_MINUTES = 3
"""So many bad minutes of the last ``_MINUTES`` fire an alarm; one may be a normal scale-in."""
_MICROSECONDS = 1000
"""Microseconds per millisecond; ModelLatency is in microseconds."""


class Alarms(Construct):
    """Alarms on container errors, high latency, and too few instances."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        real_time: RealTimeEndpoint,
        endpoint: settings.Endpoint,
        topic: sns.ITopic,
    ) -> None:
        super().__init__(scope, construct_id)
        self._dimensions = {"EndpointName": real_time.name, "VariantName": VARIANT}
        self._topic = topic
        self._alarm(
            "Errors",
            self._metric(_INVOCATIONS, "Invocation5XXErrors", "Sum"),
            above=0,
            description="the container failed requests: see its log",
        )
        self._alarm(
            "Latency",
            self._metric(_INVOCATIONS, "ModelLatency", "p90"),
            above=endpoint.latency_alarm_ms * _MICROSECONDS,
            description=f"a tenth of the requests takes longer than {endpoint.latency_alarm_ms} ms",
        )
        # Each instance reports its CPU once per minute, so the sample count is the instance count.
        self._alarm(
            "Instances",
            self._metric(_INSTANCES, "CPUUtilization", "SampleCount"),
            below=endpoint.min_instances,
            description=f"there are fewer than {endpoint.min_instances} instances",
        )

    def _metric(self, namespace: str, name: str, statistic: str) -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace=namespace,
            metric_name=name,
            dimensions_map=self._dimensions,
            statistic=statistic,
            period=Duration.minutes(1),
        )

    def _alarm(
        self,
        construct_id: str,
        metric: cloudwatch.Metric,
        *,
        description: str,
        above: float | None = None,
        below: float | None = None,
    ) -> None:
        """An alarm on a value above or below a bound; missing data only breaches ``below``."""
        operator, missing = cloudwatch.ComparisonOperator, cloudwatch.TreatMissingData
        alarm = cloudwatch.Alarm(
            self,
            construct_id,
            metric=metric,
            alarm_description=f"tfbatch endpoint: {description}",
            threshold=above if above is not None else below or 0,
            comparison_operator=operator.GREATER_THAN_THRESHOLD
            if below is None
            else operator.LESS_THAN_THRESHOLD,
            evaluation_periods=_MINUTES,
            datapoints_to_alarm=_BAD_MINUTES,
            treat_missing_data=missing.NOT_BREACHING if below is None else missing.BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(self._topic))
        alarm.add_ok_action(actions.SnsAction(self._topic))
