"""A SageMaker endpoint with one production variant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

if TYPE_CHECKING:
    from stacks import settings

VARIANT = "AllTraffic"
_HEALTHY_WITHIN_SECONDS = 900
"""Fetching the image and loading the model on a new instance takes minutes."""


class RealTime(Construct):
    """The endpoint; a new model or instance type gets new instances before the old ones go."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        model_name: str,
        endpoint: settings.Endpoint,
    ) -> None:
        super().__init__(scope, construct_id)
        config = sagemaker.CfnEndpointConfig(
            self,
            "Config",
            production_variants=[
                sagemaker.CfnEndpointConfig.ProductionVariantProperty(
                    variant_name=VARIANT,
                    model_name=model_name,
                    instance_type=f"ml.{endpoint.instance_type}",
                    initial_instance_count=endpoint.min_instances,
                    initial_variant_weight=1,
                    inference_ami_version=endpoint.system,
                    container_startup_health_check_timeout_in_seconds=_HEALTHY_WITHIN_SECONDS,
                )
            ],
        )
        resource = sagemaker.CfnEndpoint(
            self,
            "Endpoint",
            endpoint_config_name=config.attr_endpoint_config_name,
            # A deployment under load must not go back to as few instances as it began with.
            retain_all_variant_properties=True,
        )
        self.name = resource.attr_endpoint_name
        self.arn = resource.ref
