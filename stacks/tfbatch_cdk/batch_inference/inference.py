"""Inference: models, functions, workflow, triggers, roles and monitoring."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from aws_cdk import Stack
from aws_cdk import aws_s3 as s3
from constructs import Construct

from tfbatch_cdk.batch_inference.feature_flags import pin
from tfbatch_cdk.model import container_environment
from tfbatch_cdk.model.image import image
from tfbatch_cdk.model.sagemaker_model import SageMakerModel
from tfbatch_cdk.monitoring.monitoring import Monitoring
from tfbatch_cdk.network.vpc import PrivateNetwork
from tfbatch_cdk.scheduled.model_cleanup import ModelCleanup
from tfbatch_cdk.security.context import SecurityContext
from tfbatch_cdk.security.grants import allow, apply_permissions_boundary, bucket_arn
from tfbatch_cdk.security.nag_acknowledgements import INLINE_POLICIES, acknowledge
from tfbatch_cdk.security.people import People
from tfbatch_cdk.security.roles import Roles
from tfbatch_cdk.workflow.functions import Function, functions_code
from tfbatch_cdk.workflow.job_cleanup import JobCleanup
from tfbatch_cdk.workflow.notifications import Notifications
from tfbatch_cdk.workflow.stage_parameters import needs_polling
from tfbatch_cdk.workflow.state_machine import Workflow
from tfbatch_cdk.workflow.triggers import Triggers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aws_cdk import aws_lambda as lambda_
    from aws_cdk import aws_sns as sns
    from aws_cdk import aws_stepfunctions as sfn

    from tfbatch_cdk import settings
    from tfbatch_cdk.batch_inference.data import Data
    from tfbatch_cdk.network.vpc import ExistingVpc


_FUNCTIONS = {
    "plan": "lists a run's input and cuts it into shards",
    "reconcile": "looks which of a shard's inputs have an output",
    "summarize": "says what came of a run",
}
_STOP = "stops the jobs of a run that ended without them"


class Inference(Construct):
    """Everything of a stage except its data; it can be deleted and deployed again."""

    def __init__(  # noqa: PLR0913 # what a company may bring along
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: settings.Stage,
        data: Data,
        vpc: ExistingVpc | None = None,
        topic: sns.ITopic | None = None,
        roles: Roles | None = None,
    ) -> None:
        """Make what isn't given.

        Args:
            scope: the parent.
            construct_id: its id in the parent.
            stage: the settings.
            data: the stage's buckets and key, in this stack or another.
            vpc: a VPC that exists, instead of ``Protection.network``.
            topic: a topic that exists, for finished runs and alarms.
            roles: roles that exist. If there are any, the roles for people aren't made.
        """
        super().__init__(scope, construct_id)
        pin(self)
        self._stage, self._data, self._roles = stage, data, roles or Roles()
        more_inputs = [
            s3.Bucket.from_bucket_name(self, f"Input-{name}", name) for name in stage.input_buckets
        ]
        self._owner = f"{Stack.of(self).stack_name}/{stage.name}"
        self._inputs: list[s3.IBucket] = [data.input_bucket, *more_inputs]
        self.models = self._models()
        """Name -> SageMaker Model."""
        self.security = self._security_context(vpc)
        with functions_code() as code:
            self._functions = {
                name: self._function(name, description, code)
                for name, description in _FUNCTIONS.items()
            }
        self.topic = topic or self._topic()
        """Notifies of finished runs and alarms."""
        workflow = self._workflow()
        self.state_machine: sfn.StateMachine = workflow.state_machine
        """Runs a request: ``{"input": "s3://…", "format": "…"}``; see ``docs/operations.md``."""
        self._grant()
        self._triggers()
        self._clean_models_up()
        if needs_polling(stage):
            self._stop_polled_jobs(code)
        if not self._roles.any_given():
            self._people()
        if stage.protection.watch is not None:
            self._monitoring(stage.protection.watch, workflow)
        acknowledge(self, INLINE_POLICIES)
        apply_permissions_boundary(self, stage.protection.access.permissions_boundary)

    def _models(self) -> Mapping[str, SageMakerModel]:
        stage, container_image = self._stage, image(self, self._stage.container)
        return {
            model.name: SageMakerModel(
                self,
                f"Model-{model.name}",
                model=model,
                image=container_image,
                container=stage.container,
                variables=container_environment.of_stage_model(stage, model),
                role=self._roles.model,
                owner=self._owner,
            )
            for model in stage.models
        }

    def _security_context(self, existing: ExistingVpc | None) -> SecurityContext:
        """The keys, log retention and VPC; a new VPC reaches only the stage's buckets."""
        protection, data = self._stage.protection, self._data
        without_vpc = SecurityContext(
            retain=self._stage.retain_data,
            log_days=protection.retention.log_days,
            key=data.key,
            further_keys=protection.access.further_keys,
            bucket_keys=data.given.keys(),
        )
        if existing is not None and existing.security_groups:
            given = existing.config()
            return replace(without_vpc, job_vpc=given, function_vpc=given)
        settings = existing.network() if existing else protection.network
        if settings is None:
            return without_vpc
        network = PrivateNetwork(
            self,
            "Network",
            network=settings,
            buckets=list(dict.fromkeys(self._reachable())),
            security=without_vpc,
        )
        return replace(without_vpc, job_vpc=network.jobs, function_vpc=network.functions)

    def _reachable(self) -> Iterable[str]:
        """The ARNs of the buckets that jobs and functions use."""
        for bucket in (*self._inputs, self._data.output_bucket, self._data.work_bucket):
            yield bucket_arn(self, bucket)
        for served in self.models.values():
            yield served.artifact.bucket_arn

    def _function(self, name: str, description: str, code: lambda_.Code) -> Function:
        return Function(
            self,
            name.capitalize(),
            description=f"tfbatch: {description}",
            code=code,
            security=self.security,
            role=getattr(self._roles, name),
        )

    def _topic(self) -> sns.ITopic:
        return Notifications(
            self, "Notifications", emails=self._stage.notify, key=self.security.key
        ).topic

    def _workflow(self) -> Workflow:
        return Workflow(
            self,
            "Workflow",
            stage=self._stage,
            models=self.models,
            functions=self._functions,
            input_buckets=self._inputs,
            output_bucket=self._data.output_bucket,
            work_bucket=self._data.work_bucket,
            topic=self.topic,
            security=self.security,
            role=self._roles.workflow,
        )

    def _grant(self) -> None:
        """Allow functions and models what each needs of buckets, artifacts and keys."""
        functions, data, security = self._functions, self._data, self.security
        for bucket in self._inputs:
            functions["plan"].grant(bucket, read=True)
            functions["reconcile"].grant(bucket, read=True)
        for served in self.models.values():
            because = "a run reads the artifact that was deployed when it began"
            on = served.artifact.every_arn
            allow(functions["plan"].role, "s3:GetObject", on=on, because=because)
        functions["reconcile"].grant(data.output_bucket, read=True)
        for name in ("reconcile", "summarize"):
            functions[name].read_job_logs(self._stage.name)
        # An earlier run may have left a marker or a list of exceptions in the same folder.
        functions["summarize"].grant(data.output_bucket, read=True, write=True, delete=True)
        for function in functions.values():
            function.grant(data.work_bucket, read=True, write=True)
            security.allow_data(function.role, write=True)
        for served in self.models.values():
            served.protect(security)
            for bucket in (*self._inputs, data.work_bucket):
                served.grant_read(bucket)
            served.grant_write(data.output_bucket)

    def _triggers(self) -> None:
        Triggers(
            self,
            "Triggers",
            state_machine_arn=self.state_machine.state_machine_arn,
            requests=self._data.input_bucket,
            schedules=self._stage.schedules,
            role=self._roles.triggers,
        )

    def _stop_polled_jobs(self, code: lambda_.Code) -> None:
        JobCleanup(
            self,
            "Stopping",
            stage=self._stage.name,
            state_machine_arn=self.state_machine.state_machine_arn,
            function=self._function("stop", _STOP, code),
        )

    def _clean_models_up(self) -> None:
        ModelCleanup(
            self,
            "ReplacedModels",
            owner=self._owner,
            workflow=self.state_machine,
            security=self.security,
            role=self._roles.model_cleanup,
            clock_role=self._roles.model_cleanup_clock,
        )

    def _people(self) -> None:
        People(
            self,
            "People",
            stage=self._stage.name,
            principals=self._stage.protection.access.people,
            state_machine_arn=self.state_machine.state_machine_arn,
            state_machine_name=self.state_machine.state_machine_name,
        )

    def _monitoring(self, watch: settings.Watch, workflow: Workflow) -> None:
        Monitoring(
            self,
            "Monitoring",
            stage=self._stage,
            watch=watch,
            state_machine_arn=self.state_machine.state_machine_arn,
            log_groups=[
                *(function.log_group_name for function in self._functions.values()),
                workflow.log_group_name,
            ],
            topic=self.topic,
            security=self.security,
            roles=self._roles,
        )
