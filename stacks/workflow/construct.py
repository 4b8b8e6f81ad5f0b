"""The state machine as a construct: its definition, its own role, its log."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from aws_cdk import Aws, RemovalPolicy, Stack
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from stacks.permissions import accept_wildcard, allow, bucket_arn
from stacks.workflow.states import definition

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aws_cdk import aws_iam as iam
    from aws_cdk import aws_s3 as s3

    from stacks.served_model import ServedModel
    from stacks.settings import Stage


class Workflow(Construct):
    """Runs one transform job for each execution, and ends in words a person can act on."""

    def __init__(  # noqa: PLR0913 # what it wires together, each by its name
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        models: Mapping[str, ServedModel],
        input_buckets: Sequence[s3.IBucket],
        output_bucket: s3.IBucket,
    ) -> None:
        super().__init__(scope, construct_id)
        fixed = {
            "region": Aws.REGION,
            "inputBucket": input_buckets[0].bucket_name,
            "inputBuckets": [bucket.bucket_name for bucket in input_buckets],
            "outputBucket": output_bucket.bucket_name,
            "models": {name: served.model_name for name, served in models.items()},
            "defaultModel": stage.models[0].name,
            "instanceType": f"ml.{stage.compute.instance_type}",
            "instances": stage.compute.instances,
            "maxInstances": stage.compute.max_instances,
        }
        states = definition(
            stage=fixed,
            formats=stage.formats,
            partition=Aws.PARTITION,
            max_hours=stage.compute.max_hours,
        )
        self.state_machine = sfn.StateMachine(
            self,
            "StateMachine",
            definition_body=sfn.DefinitionBody.from_string(Stack.of(self).to_json_string(states)),
            tracing_enabled=True,
            logs=sfn.LogOptions(
                destination=logs.LogGroup(
                    self,
                    "Log",
                    retention=logs.RetentionDays.ONE_YEAR,
                    removal_policy=RemovalPolicy.RETAIN
                    if stage.retain_data
                    else RemovalPolicy.DESTROY,
                ),
                level=sfn.LogLevel.ALL,
                include_execution_data=True,
            ),
        )
        self._role = cast("iam.Role", self.state_machine.role)
        accept_wildcard(
            self._role,
            "*",
            because="log delivery and X-Ray know no resource (added by the CDK for both)",
        )
        for served in models.values():
            self._allow_jobs(served.model_name)

    def grant_listing(self, bucket: s3.IBucket) -> None:
        """Let the workflow look whether a bucket is there and has objects."""
        allow(self._role, "s3:ListBucket", on=bucket_arn(self, bucket))

    def _allow_jobs(self, model_name: str) -> None:
        """What ``createTransformJob.sync`` does: create, tag, describe and stop this app's jobs.

        Source: Step Functions developer guide, "IAM policies for Amazon SageMaker"; AddTags,
        because Step Functions tags every job it starts (aws-cdk#26012).
        """
        arn = Stack.of(self).format_arn
        allow(
            self._role,
            "sagemaker:AddTags",
            "sagemaker:CreateTransformJob",
            "sagemaker:DescribeTransformJob",
            "sagemaker:ListTags",
            "sagemaker:StopTransformJob",
            on=arn(service="sagemaker", resource="transform-job", resource_name="tfbatch-*"),
            because="every execution names its own job, and all names begin with tfbatch-",
        )
        allow(
            self._role,
            "sagemaker:CreateTransformJob",
            on=arn(service="sagemaker", resource="model", resource_name=model_name),
        )
        allow(
            self._role,
            "events:DescribeRule",
            "events:PutRule",
            "events:PutTargets",
            on=arn(
                service="events",
                resource="rule",
                resource_name="StepFunctionsGetEventsForSageMakerTransformJobsRule",
            ),
        )
