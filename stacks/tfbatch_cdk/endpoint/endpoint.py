"""A SageMaker endpoint with one production variant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from tfbatch_cdk.security.nag_acknowledgements import Finding, acknowledge
from tfbatch_cdk.settings.instance_types import has_local_disks

if TYPE_CHECKING:
    from tfbatch_cdk import settings
    from tfbatch_cdk.security.context import SecurityContext

VARIANT = "AllTraffic"
_HEALTHY_WITHIN_SECONDS = 900
"""A new instance takes minutes to pull the image and load the model."""

_LOCAL_DISKS_ARE_ENCRYPTED = Finding(
    nist="SageMakerEndpointConfigurationKMSKeyConfigured",
    because="Instances of this type have local NVMe disks, which the hardware encrypts: "
    "CreateEndpointConfig refuses a key for them.",
)


class RealTimeEndpoint(Construct):
    """The endpoint; an update starts new instances before it stops the old ones."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        model_name: str,
        endpoint: settings.Endpoint,
        security: SecurityContext,
    ) -> None:
        super().__init__(scope, construct_id)
        config = sagemaker.CfnEndpointConfig(
            self,
            "Config",
            kms_key_id=_volume_key(endpoint, security),
            production_variants=[
                sagemaker.CfnEndpointConfig.ProductionVariantProperty(
                    variant_name=VARIANT,
                    model_name=model_name,
                    instance_type=f"ml.{endpoint.instance_type}",
                    initial_instance_count=endpoint.min_instances,
                    initial_variant_weight=1,
                    inference_ami_version=endpoint.ami_version,
                    container_startup_health_check_timeout_in_seconds=_HEALTHY_WITHIN_SECONDS,
                )
            ],
        )
        if has_local_disks(endpoint.instance_type):
            acknowledge(config, _LOCAL_DISKS_ARE_ENCRYPTED)
        resource = sagemaker.CfnEndpoint(
            self,
            "Endpoint",
            endpoint_config_name=config.attr_endpoint_config_name,
            # A deployment under load must keep the current number of instances.
            retain_all_variant_properties=True,
        )
        self.name = resource.attr_endpoint_name
        self.arn = resource.ref


def _volume_key(endpoint: settings.Endpoint, security: SecurityContext) -> str | None:
    """The key of the instances' volumes; ``None`` for instances with local disks."""
    if security.key is None or has_local_disks(endpoint.instance_type):
        return None
    return security.key.key_arn
