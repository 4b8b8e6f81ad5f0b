"""CloudWatch metrics of an endpoint: a value for each invocation.

Source: "Amazon SageMaker endpoint invocation metrics", SageMaker developer guide.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from moto.cloudwatch.models import cloudwatch_backends

if TYPE_CHECKING:
    from tfbatch_sandbox.services.sagemaker.endpoint import Endpoint

NAMESPACE = "AWS/SageMaker"


def put(endpoint: Endpoint, variant: str, *, status: int, seconds: float) -> None:
    """Add one invocation.

    Args:
        endpoint: name of the endpoint.
        variant: variant that answered.
        status: status of the container; 0 after a time-out.
        seconds: how long the container took.
    """
    region, account = endpoint.arn.split(":")[3:5]
    instances = next(
        each.get("CurrentInstanceCount", 1)
        for each in endpoint.production_variants
        if each["VariantName"] == variant
    )
    values = {
        "Invocations": (1, "None"),
        "InvocationsPerInstance": (1 / max(instances, 1), "None"),
        "Invocation4XXErrors": (int(400 <= status < 500), "None"),  # noqa: PLR2004 - HTTP's classes
        "Invocation5XXErrors": (int(status == 0 or status >= 500), "None"),  # noqa: PLR2004
        "ModelLatency": (seconds * 1e6, "Microseconds"),
    }
    cloudwatch_backends[account][region].put_metric_data(
        NAMESPACE,
        [
            _datum(name, value, unit, endpoint.endpoint_name, variant)
            for name, (value, unit) in values.items()
        ],
    )


def _datum(name: str, value: float, unit: str, endpoint: str, variant: str) -> dict[str, Any]:
    return {
        "MetricName": name,
        "Dimensions": [
            {"Name": "EndpointName", "Value": endpoint},
            {"Name": "VariantName", "Value": variant},
        ],
        "Timestamp": datetime.now(UTC),
        "Value": value,
        "Unit": unit,
    }
