"""Autoscaling of an endpoint's instances, by requests per instance.

It uses the service-linked role of SageMaker autoscaling.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_applicationautoscaling as autoscaling
from constructs import Construct

from tfbatch_cdk.endpoint.endpoint import VARIANT

if TYPE_CHECKING:
    from tfbatch_cdk import settings
    from tfbatch_cdk.endpoint.endpoint import RealTimeEndpoint


class Scaling(Construct):
    """Target tracking on requests per minute and instance."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        real_time: RealTimeEndpoint,
        endpoint: settings.Endpoint,
    ) -> None:
        super().__init__(scope, construct_id)
        target = autoscaling.CfnScalableTarget(
            self,
            "Instances",
            service_namespace="sagemaker",
            resource_id=f"endpoint/{real_time.name}/variant/{VARIANT}",
            scalable_dimension="sagemaker:variant:DesiredInstanceCount",
            min_capacity=endpoint.min_instances,
            max_capacity=endpoint.max_instances,
        )
        autoscaling.CfnScalingPolicy(
            self,
            "InvocationsPerInstance",
            policy_name="InvocationsPerInstance",
            policy_type="TargetTrackingScaling",
            scaling_target_id=target.ref,
            target_tracking_scaling_policy_configuration=(
                autoscaling.CfnScalingPolicy.TargetTrackingScalingPolicyConfigurationProperty(
                    target_value=endpoint.invocations_per_minute,
                    predefined_metric_specification=(
                        autoscaling.CfnScalingPolicy.PredefinedMetricSpecificationProperty(
                            predefined_metric_type="SageMakerVariantInvocationsPerInstance"
                        )
                    ),
                    scale_in_cooldown=endpoint.scale_in_seconds,
                    scale_out_cooldown=endpoint.scale_out_seconds,
                )
            ),
        )
