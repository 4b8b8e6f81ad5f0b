"""Settings of a real-time endpoint: model, instances, scaling and latency alarm."""

from __future__ import annotations

from dataclasses import dataclass

from tfbatch_cdk.errors import require
from tfbatch_cdk.settings import instance_types


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint:
    """A real-time endpoint for one of the stage's models. Idle instances cost money too."""

    model: str | None = None
    """The stage's model to serve; the first when ``None``."""

    instance_type: str = "g4dn.xlarge"
    """Without the ``ml.`` prefix."""

    min_instances: int = 1
    """The fewest instances that run; SageMaker puts two into two availability zones."""

    max_instances: int = 4
    """The most instances that autoscaling starts."""

    invocations_per_minute: int = 3000
    """Target of autoscaling: requests per minute and instance. Use about 70 % of what an instance
    can handle; the default is based on the rate in AWS's article."""

    scale_out_seconds: int = 60
    """How long autoscaling waits after it has started instances before it starts more."""

    scale_in_seconds: int = 600
    """How long autoscaling waits after it has stopped instances before it stops more."""

    latency_alarm_ms: int = 2000
    """The alarm fires when 10 % of the requests take the container longer than this, in ms."""

    ami: str | None = "al2-ami-sagemaker-inference-gpu-2"
    """The AMI of GPU instances. This one has NVIDIA's driver 535, which CUDA 12 images need and
    which g4dn and g5 lack by default. ``None``: SageMaker's default."""

    def __post_init__(self) -> None:
        """Refuse values that CreateEndpointConfig or RegisterScalableTarget refuses."""
        known = instance_types.of_endpoints()
        remedy = instance_types.remedy(self.instance_type, known, "A SageMaker endpoint")
        require(self.instance_type in known, self, "instance_type", remedy)
        require(self.min_instances >= 1, self, "min_instances", "use 1 or more")
        require(
            self.max_instances >= self.min_instances,
            self,
            "max_instances",
            f"use min_instances = {self.min_instances} or more",
        )
        for name in ("invocations_per_minute", "latency_alarm_ms"):
            require(getattr(self, name) >= 1, self, name, "use 1 or more")
        for name in ("scale_out_seconds", "scale_in_seconds"):
            require(0 <= getattr(self, name) <= 3600, self, name, "use 0 to 3600 seconds")  # noqa: PLR2004

    @property
    def ami_version(self) -> str | None:
        """The AMI, if the instance type has a GPU; other types have no choice."""
        return self.ami if instance_types.gpu_count(self.instance_type) else None
