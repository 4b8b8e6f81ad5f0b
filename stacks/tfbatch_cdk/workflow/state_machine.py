"""The state machine of the workflow, with its role and log group."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from aws_cdk import Aws, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from tfbatch_cdk.security.grants import (
    acknowledge_wildcard,
    allow,
    bucket_arn,
    colon_arn,
    service_principal,
    stack_of,
    transform_jobs_arn,
)
from tfbatch_cdk.workflow.asl import to_json
from tfbatch_cdk.workflow.job_states import polling, synchronous
from tfbatch_cdk.workflow.request import schema
from tfbatch_cdk.workflow.stage_parameters import (
    DeployedNames,
    needs_polling,
    stage_parameters,
)
from tfbatch_cdk.workflow.states import definition
from tfbatch_cdk.workflow.triggers import REQUEST_SUFFIX

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from aws_cdk import aws_s3 as s3
    from aws_cdk import aws_sns as sns

    from tfbatch_cdk.model.sagemaker_model import SageMakerModel
    from tfbatch_cdk.security.context import SecurityContext
    from tfbatch_cdk.settings import Stage
    from tfbatch_cdk.workflow.asl import State
    from tfbatch_cdk.workflow.functions import Function


class Workflow(Construct):
    """Plans a run, transforms and reconciles its shards, and summarizes the results."""

    def __init__(  # noqa: PLR0913 # keyword-only
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        models: Mapping[str, SageMakerModel],
        functions: Mapping[str, Function],
        input_buckets: Sequence[s3.IBucket],
        output_bucket: s3.IBucket,
        work_bucket: s3.IBucket,
        topic: sns.ITopic,
        security: SecurityContext,
        role: iam.IRole | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        states = definition(
            parameters={
                **stage_parameters(
                    stage,
                    output_bucket=output_bucket.bucket_name,
                    key=security.key.key_arn if security.key else None,
                ),
                **DeployedNames(
                    inputBucket=input_buckets[0].bucket_name,
                    inputBuckets=[bucket.bucket_name for bucket in input_buckets],
                    outputBucket=output_bucket.bucket_name,
                    workBucket=work_bucket.bucket_name,
                    models={name: served.model_name for name, served in models.items()},
                    artifacts={
                        name: {"uri": served.artifact.url, "digest": served.artifact.digest}
                        for name, served in models.items()
                    },
                ),
            },
            rules=schema(stage),
            functions={name: one.function.function_arn for name, one in functions.items()},
            topic=topic.topic_arn,
            partition=Aws.PARTITION,
            job=_job_states(stage),
        )
        log = security.delivered_log_group(self, "Log")
        self.log_group_name = log.log_group_name
        self._role: iam.IRole = role or iam.Role(
            self,
            "Role",
            assumed_by=service_principal("states"),
            description="The workflow: run jobs and functions, and tell of them",
        )
        self.state_machine = sfn.StateMachine(
            self,
            "StateMachine",
            definition_body=sfn.DefinitionBody.from_string(to_json(states, Stack.of(self))),
            role=self._role,
            tracing_enabled=True,
            logs=sfn.LogOptions(
                destination=log, level=sfn.LogLevel.ALL, include_execution_data=True
            ),
        )
        acknowledge_wildcard(
            self._role,
            "*",
            because="log delivery and X-Ray have no resources (added by the CDK for both)",
        )
        self._allow_jobs(stage.name)
        if not needs_polling(stage):
            self._allow_sync(stage.name)
        self._allow_shards(work_bucket)
        self._allow_claims(work_bucket)
        inputs = [bucket_arn(self, bucket) for bucket in input_buckets]
        allow(self._role, "s3:ListBucket", on=inputs)
        request_files = f"{inputs[0]}/*{REQUEST_SUFFIX}"
        because = "a request file may lie anywhere in the input bucket"
        allow(self._role, "s3:GetObject", on=request_files, because=because)
        called = [one.function.function_arn for one in functions.values()]
        allow(self._role, "lambda:InvokeFunction", on=called)
        allow(self._role, "sns:Publish", on=topic.topic_arn)
        security.allow_notifications(self._role)
        security.allow_data(self._role, write=True)
        security.allow_volumes(self._role)
        allow(self._role, "events:PutEvents", on=self._arn("events", "event-bus", "default"))

    def _arn(self, service: str, resource: str, name: str) -> str:
        stack = stack_of(cast("Hashable", self))
        return stack.format_arn(service=service, resource=resource, resource_name=name)

    def _allow_jobs(self, stage: str) -> None:
        """Create, tag, describe and stop the stage's jobs.

        IAM asks on the job alone, not on its Model (service authorization reference, SageMaker,
        CreateTransformJob; Step Functions developer guide, "IAM policies for Amazon SageMaker").
        """
        allow(
            self._role,
            "sagemaker:AddTags",
            "sagemaker:CreateTransformJob",
            "sagemaker:DescribeTransformJob",
            "sagemaker:StopTransformJob",
            on=transform_jobs_arn(self, stage),
            because="the names of all jobs of a stage begin with tfbatch-STAGE-",
        )

    def _allow_sync(self, stage: str) -> None:
        """Allow what ``createTransformJob.sync`` needs in addition.

        Source: Step Functions developer guide, "IAM policies for Amazon SageMaker".
        """
        jobs = transform_jobs_arn(self, stage)
        allow(self._role, "sagemaker:ListTags", on=jobs)
        allow(
            self._role,
            "events:DescribeRule",
            "events:PutRule",
            "events:PutTargets",
            on=self._arn("events", "rule", "StepFunctionsGetEventsForSageMakerTransformJobsRule"),
        )

    def _allow_shards(self, work_bucket: s3.IBucket) -> None:
        """Allow the Distributed Map to read its list and run child executions, and look at runs.

        This is a separate policy, since the state machine depends on its role's default policy.
        Source: Step Functions developer guide, "IAM policies for using Distributed Map state",
        and its section on redriving.
        """
        work = bucket_arn(self, work_bucket)
        because = "the folder is named after the execution"
        allow(self._role, "s3:GetObject", on=f"{work}/executions/*", because=because)
        machine = self.state_machine.state_machine_arn
        executions = self.state_machine.state_machine_name
        children = colon_arn(self, "states", "execution", f"{executions}/Shards:*")
        own = colon_arn(self, "states", "execution", f"{executions}:*")
        policy = iam.Policy(
            self,
            "ShardExecutions",
            statements=[
                iam.PolicyStatement(actions=["states:StartExecution"], resources=[machine]),
                iam.PolicyStatement(
                    actions=[
                        *("states:DescribeExecution", "states:RedriveExecution"),
                        "states:StopExecution",
                    ],
                    resources=[children],
                ),
                iam.PolicyStatement(actions=["states:DescribeExecution"], resources=[own]),
            ],
        )
        self._role.attach_inline_policy(policy)
        acknowledge_wildcard(
            policy, children, because="Step Functions names the executions of shards"
        )
        acknowledge_wildcard(
            policy, own, because="a request's key names the execution that ran it before"
        )

    def _allow_claims(self, work_bucket: s3.IBucket) -> None:
        """Allow the workflow to read and write the objects of keys.

        ``s3:ListBucket`` tells a missing object from a denied one (GetObject, "Permissions").
        """
        work = bucket_arn(self, work_bucket)
        because = "the object is named after the request's key"
        allow(self._role, "s3:GetObject", "s3:PutObject", on=f"{work}/keys/*", because=because)
        allow(self._role, "s3:ListBucket", on=work)


def _job_states(stage: Stage) -> State:
    integration, compute = f"arn:{Aws.PARTITION}:states:::", stage.compute
    if needs_polling(stage):
        return polling(integration, compute.max_hours, compute.patience_minutes)
    return synchronous(integration, compute.max_hours)
