"""The stack of a team that collects photographs, and wants a prediction for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import CfnOutput, RemovalPolicy, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3

from tfbatch_cdk import BatchInference, Buckets, ExistingVpc

if TYPE_CHECKING:
    from typing import Any

    from constructs import Construct

    from tfbatch_cdk.settings import Stage


class PhotosStack(Stack):
    """The team's own VPC, key and bucket, and batch inference that uses them."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        **options: Any,  # noqa: ANN401 # of aws_cdk.Stack
    ) -> None:
        super().__init__(scope, construct_id, **options)
        vpc = _vpc(self)
        key = kms.Key(self, "Key", enable_key_rotation=True, removal_policy=RemovalPolicy.DESTROY)
        photos = s3.Bucket(
            self,
            "Photos",
            encryption_key=key,
            enforce_ssl=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            removal_policy=RemovalPolicy.DESTROY,
        )
        inference = BatchInference(
            self,
            "BatchInference",
            stage=stage,
            buckets=Buckets(input=photos),
            key=key,
            vpc=ExistingVpc(vpc=vpc),
        )
        CfnOutput(self, "InputBucketName", value=inference.input_bucket.bucket_name)
        CfnOutput(self, "OutputBucketName", value=inference.output_bucket.bucket_name)
        CfnOutput(self, "WorkBucketName", value=inference.work_bucket.bucket_name)
        CfnOutput(self, "StateMachineArn", value=inference.state_machine.state_machine_arn)


def _vpc(scope: Construct) -> ec2.Vpc:
    """Two private subnets without a way to the internet, and endpoints of the services in use."""
    vpc = ec2.Vpc(
        scope,
        "Vpc",
        max_azs=2,
        nat_gateways=0,
        restrict_default_security_group=False,  # nothing uses it, and closing it takes a function
        subnet_configuration=[
            ec2.SubnetConfiguration(name="Private", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
        ],
    )
    vpc.add_gateway_endpoint("S3", service=ec2.GatewayVpcEndpointAwsService.S3)
    for name, service in (
        ("SageMaker", ec2.InterfaceVpcEndpointAwsService.SAGEMAKER_API),
        ("Logs", ec2.InterfaceVpcEndpointAwsService.CLOUDWATCH_LOGS),
    ):
        vpc.add_interface_endpoint(name, service=service)
    return vpc
