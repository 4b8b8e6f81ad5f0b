"""Scalable targets and scaling policies of CloudFormation, which moto doesn't make at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.applicationautoscaling.models import applicationautoscaling_backends
from moto.core.common_models import CloudFormationModel

if TYPE_CHECKING:
    from moto.applicationautoscaling.models import ApplicationAutoscalingBackend

    from sandbox.plugins.runtime import Runtime

    Properties = dict[str, Any]

_CONFIGURATIONS = {
    "TargetTrackingScaling": "TargetTrackingScalingPolicyConfiguration",
    "StepScaling": "StepScalingPolicyConfiguration",
}


def install(_runtime: Runtime) -> None:
    """Nothing but this module's import: moto finds the classes below by themselves."""


class _Resource(CloudFormationModel):
    """A resource of Application Auto Scaling, kept by what its template says of it."""

    def __init__(self, resource: Properties, account_id: str, region: str) -> None:
        self._backend: ApplicationAutoscalingBackend = applicationautoscaling_backends[account_id][
            region
        ]
        self.properties: Properties = resource["Properties"]

    @staticmethod
    def cloudformation_name_type() -> str:
        """No property names it."""
        return ""

    @classmethod
    def create_from_cloudformation_json(
        cls,
        _resource_name: str,
        cloudformation_json: Properties,
        account_id: str,
        region_name: str,
        **_other: object,
    ) -> _Resource:
        """Make it."""
        made = cls(cloudformation_json, account_id, region_name)
        made.put()
        return made

    @classmethod
    def update_from_cloudformation_json(
        cls,
        *,
        original_resource: _Resource,
        cloudformation_json: Properties,
        account_id: str,
        region_name: str,
        **_other: object,
    ) -> _Resource:
        """Put it anew; what was of another endpoint goes."""
        made = cls(cloudformation_json, account_id, region_name)
        if made.physical_resource_id != original_resource.physical_resource_id:
            original_resource.delete(account_id, region_name)
        made.put()
        return made

    @property
    def physical_resource_id(self) -> str:
        """What ``Ref`` yields."""
        raise NotImplementedError

    def put(self) -> None:
        """Register it."""
        raise NotImplementedError

    def delete(self, account_id: str, region: str) -> None:
        """Forget it."""
        raise NotImplementedError


class ScalableTarget(_Resource, CloudFormationModel):
    """``AWS::ApplicationAutoScaling::ScalableTarget``."""

    @staticmethod
    def cloudformation_type() -> str:
        """As templates name it."""
        return "AWS::ApplicationAutoScaling::ScalableTarget"

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
        self._backend.register_scalable_target(
            *self._key,
            min_capacity=int(self.properties["MinCapacity"]),
            max_capacity=int(self.properties["MaxCapacity"]),
            role_arn=self.properties.get("RoleARN", ""),
            suspended_state=self.properties.get("SuspendedState"),
        )

    def delete(self, _account_id: str, _region: str) -> None:
        """Deregister the target."""
        self._backend.deregister_scalable_target(*self._key)


class ScalingPolicy(_Resource, CloudFormationModel):
    """``AWS::ApplicationAutoScaling::ScalingPolicy``."""

    @staticmethod
    def cloudformation_type() -> str:
        """As templates name it."""
        return "AWS::ApplicationAutoScaling::ScalingPolicy"

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
        """The policy's parts; on AWS its ARN, which here is made anew at every change."""
        return "|".join(self._key.values())

    def put(self) -> None:
        """Put the policy."""
        kind = self.properties["PolicyType"]
        self._backend.put_scaling_policy(
            **self._key,
            policy_type=kind,
            policy_body=self.properties[_CONFIGURATIONS[kind]],
        )

    def delete(self, _account_id: str, _region: str) -> None:
        """Delete the policy."""
        self._backend.delete_scaling_policy(**self._key)
