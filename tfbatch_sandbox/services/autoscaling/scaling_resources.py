"""CloudFormation's scalable targets and scaling policies, which moto lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moto.applicationautoscaling.models import applicationautoscaling_backends
from moto.core.common_models import CloudFormationModel

from tfbatch_sandbox.services.cloudformation.resource import Resource

if TYPE_CHECKING:
    from moto.applicationautoscaling.models import ApplicationAutoscalingBackend

    from tfbatch_sandbox.services.runtime import Runtime

_CONFIGURATIONS = {
    "TargetTrackingScaling": "TargetTrackingScalingPolicyConfiguration",
    "StepScaling": "StepScalingPolicyConfiguration",
}


def install(_runtime: Runtime) -> None:
    """Nothing: moto finds the classes below once they are imported."""


class ScalableTarget(Resource, CloudFormationModel):
    """Bounds of what can be scaled."""

    KIND = "AWS::ApplicationAutoScaling::ScalableTarget"

    @property
    def _key(self) -> tuple[str, str, str]:
        names = ("ServiceNamespace", "ResourceId", "ScalableDimension")
        namespace, resource, dimension = (self.properties[name] for name in names)
        return namespace, resource, dimension

    @property
    def physical_resource_id(self) -> str:
        """``resource|dimension|namespace``, as CloudFormation writes it."""
        namespace, resource, dimension = self._key
        return f"{resource}|{dimension}|{namespace}"

    def put(self) -> None:
        """Register the target."""
        _backend(self).register_scalable_target(
            *self._key,
            min_capacity=int(self.properties["MinCapacity"]),
            max_capacity=int(self.properties["MaxCapacity"]),
            role_arn=self.properties.get("RoleARN", ""),
            suspended_state=self.properties.get("SuspendedState"),
        )

    def delete(self, _account_id: str, _region: str) -> None:
        """Deregister the target."""
        _backend(self).deregister_scalable_target(*self._key)


class ScalingPolicy(Resource, CloudFormationModel):
    """When a target is scaled."""

    KIND = "AWS::ApplicationAutoScaling::ScalingPolicy"

    @property
    def _key(self) -> dict[str, str]:
        target = self.properties.get("ScalingTargetId", "||").split("|")
        named = {
            "resource_id": self.properties.get("ResourceId", target[0]),
            "scalable_dimension": self.properties.get("ScalableDimension", target[1]),
            "service_namespace": self.properties.get("ServiceNamespace", target[2]),
        }
        return named | {"policy_name": self.properties["PolicyName"]}

    @property
    def physical_resource_id(self) -> str:
        """The parts of the policy. On AWS it is an ARN that every change replaces."""
        return "|".join(self._key.values())

    def put(self) -> None:
        """Put the policy."""
        kind = self.properties["PolicyType"]
        _backend(self).put_scaling_policy(
            **self._key,
            policy_type=kind,
            policy_body=self.properties[_CONFIGURATIONS[kind]],
        )

    def delete(self, _account_id: str, _region: str) -> None:
        """Delete the policy."""
        _backend(self).delete_scaling_policy(**self._key)


def _backend(resource: Resource) -> ApplicationAutoscalingBackend:
    return applicationautoscaling_backends[resource.account_id][resource.region]
