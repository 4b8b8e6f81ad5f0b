"""The stack that runs inference: models, functions, workflow, triggers, roles and monitoring."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from aws_cdk import CfnOutput, Environment, Stack
from aws_cdk import aws_s3 as s3

from tfbatch_cdk.model import container_environment
from tfbatch_cdk.model.image import image
from tfbatch_cdk.model.sagemaker_model import SageMakerModel
from tfbatch_cdk.monitoring.monitoring import Monitoring
from tfbatch_cdk.network.vpc import PrivateNetwork
from tfbatch_cdk.security.context import SecurityContext
from tfbatch_cdk.security.grants import allow, apply_permissions_boundary, bucket_arn
from tfbatch_cdk.security.nag_acknowledgements import INLINE_POLICIES, acknowledge
from tfbatch_cdk.security.people import People
from tfbatch_cdk.workflow.functions import Function, functions_code
from tfbatch_cdk.workflow.job_cleanup import JobCleanup
from tfbatch_cdk.workflow.notifications import Notifications
from tfbatch_cdk.workflow.stage_parameters import needs_polling
from tfbatch_cdk.workflow.state_machine import Workflow
from tfbatch_cdk.workflow.triggers import Triggers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aws_cdk import aws_kms as kms
    from aws_cdk import aws_lambda as lambda_
    from constructs import Construct

    from tfbatch_cdk import settings
    from tfbatch_cdk.storage.buckets import Storage


_FUNCTIONS = {
    "plan": "lists a run's input and cuts it into shards",
    "reconcile": "looks which of a shard's inputs have an output",
    "summarize": "says what came of a run",
}
_STOP = "stops the jobs of a run that ended without them"


class InferenceStack(Stack):
    """Everything of a stage except its data; it can be deleted and deployed again."""

    def __init__(
        self, scope: Construct, construct_id: str, *, stage: settings.Stage, storage: Storage
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            description="tfbatch: TensorFlow batch inference with SageMaker Batch Transform",
            env=Environment(account=stage.account, region=stage.region),
            tags=stage.all_tags(),
        )
        more_inputs = [
            s3.Bucket.from_bucket_name(self, f"Input-{name}", name) for name in stage.input_buckets
        ]
        inputs: list[s3.IBucket] = [storage.input, *more_inputs]
        container_image = image(self, stage.container)
        models = {
            model.name: SageMakerModel(
                self,
                f"Model-{model.name}",
                model=model,
                image=container_image,
                container=stage.container,
                variables=container_environment.of_model(model, stage.invocations),
            )
            for model in stage.models
        }
        reachable = [bucket_arn(self, bucket) for bucket in (*inputs, storage.output, storage.work)]
        reachable += [served.artifact.bucket_arn for served in models.values()]
        security = self._security_context(stage, storage.key, reachable)
        self.security = security
        with functions_code() as code:
            functions = {
                name: self._function(name, description, code, security)
                for name, description in _FUNCTIONS.items()
            }
        for bucket in inputs:
            functions["plan"].grant(bucket, read=True)
            functions["reconcile"].grant(bucket, read=True)
        for served in models.values():
            allow(functions["plan"].role, "s3:GetObject", on=served.artifact.arn)
        functions["reconcile"].grant(storage.output, read=True)
        functions["reconcile"].read_job_logs(stage.name)
        # An earlier run may have left a marker or a list of exceptions in the same folder.
        functions["summarize"].grant(storage.output, read=True, write=True, delete=True)
        for function in functions.values():
            function.grant(storage.work, read=True, write=True)
            security.allow_data(function.role, write=True)
        topic = Notifications(self, "Notifications", emails=stage.notify, key=security.key).topic
        workflow = Workflow(
            self,
            "Workflow",
            stage=stage,
            models=models,
            functions=functions,
            input_buckets=inputs,
            output_bucket=storage.output,
            work_bucket=storage.work,
            topic=topic,
            security=security,
        )
        for served in models.values():
            served.protect(security)
            for bucket in (*inputs, storage.work):
                served.grant_read(bucket)
            served.grant_write(storage.output)
        machine = workflow.state_machine
        Triggers(
            self,
            "Triggers",
            state_machine_arn=machine.state_machine_arn,
            requests=storage.input,
            schedules=stage.schedules,
        )
        if needs_polling(stage):
            JobCleanup(
                self,
                "Stopping",
                stage=stage.name,
                state_machine_arn=machine.state_machine_arn,
                function=self._function("stop", _STOP, code, security),
            )
        People(
            self,
            "People",
            stage=stage.name,
            principals=stage.protection.access.people,
            state_machine_arn=machine.state_machine_arn,
            state_machine_name=machine.state_machine_name,
        )
        if stage.protection.watch is not None:
            Monitoring(
                self,
                "Monitoring",
                stage=stage,
                watch=stage.protection.watch,
                state_machine_arn=machine.state_machine_arn,
                log_groups=[
                    *(function.log_group_name for function in functions.values()),
                    workflow.log_group_name,
                ],
                topic=topic,
                security=security,
            )
        CfnOutput(self, "StateMachineArn", value=machine.state_machine_arn)
        acknowledge(self, INLINE_POLICIES)
        apply_permissions_boundary(self, stage.protection.access.permissions_boundary)

    def _function(
        self, name: str, description: str, code: lambda_.Code, security: SecurityContext
    ) -> Function:
        return Function(
            self,
            name.capitalize(),
            description=f"tfbatch: {description}",
            code=code,
            security=security,
        )

    def _security_context(
        self, stage: settings.Stage, key: kms.IKey | None, buckets: Iterable[str]
    ) -> SecurityContext:
        """The key, log retention and VPC; the VPC reaches only ``buckets``."""
        protection = stage.protection
        without_vpc = SecurityContext(
            retain=stage.retain_data,
            log_days=protection.retention.log_days,
            key=key,
            further_keys=protection.access.further_keys,
        )
        if protection.network is None:
            return without_vpc
        network = PrivateNetwork(
            self,
            "Network",
            network=protection.network,
            buckets=list(dict.fromkeys(buckets)),
            security=without_vpc,
        )
        return replace(without_vpc, job_vpc=network.jobs, function_vpc=network.functions)
