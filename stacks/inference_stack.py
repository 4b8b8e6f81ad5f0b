"""What can be made anew at any time: the models and the workflow that runs them; wiring only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import CfnOutput, Environment, Stack
from aws_cdk import aws_s3 as s3

from stacks.functions import Function
from stacks.images import image
from stacks.notifications import Notifications
from stacks.served_model import ServedModel
from stacks.triggers import Triggers
from stacks.workflow.construct import Workflow
from stacks.workflow.parameters import is_watched
from stacks.workflow.stopping import Stopping

if TYPE_CHECKING:
    from constructs import Construct

    from stacks import settings
    from stacks.storage import Storage


_FUNCTIONS = {
    "plan": "lists a run's input and cuts it into shards",
    "reconcile": "looks which of a shard's inputs have an output",
    "summarize": "says what came of a run",
}
_STOP = "stops the jobs of a run that ended without them"


class InferenceStack(Stack):
    """The stateless half of a stage."""

    def __init__(
        self, scope: Construct, construct_id: str, *, stage: settings.Stage, storage: Storage
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            description="tfbatch: TensorFlow batch inference with SageMaker Batch Transform",
            env=Environment(account=stage.account, region=stage.region),
        )
        further = [
            s3.Bucket.from_bucket_name(self, f"Input-{name}", name) for name in stage.input_buckets
        ]
        inputs: list[s3.IBucket] = [storage.input, *further]
        pulled = image(self, stage.container)
        models = {
            model.name: ServedModel(
                self,
                f"Model-{model.name}",
                model=model,
                image=pulled,
                container=stage.container,
            )
            for model in stage.models
        }
        functions = {name: self._function(name, does, stage) for name, does in _FUNCTIONS.items()}
        for bucket in inputs:
            functions["plan"].grant(bucket, read=True)
            functions["reconcile"].grant(bucket, read=True)
        functions["reconcile"].grant(storage.output, read=True)
        functions["reconcile"].read_job_logs()
        # A marker or list of exceptions that an earlier run left in the same folder would lie.
        functions["summarize"].grant(storage.output, read=True, write=True, delete=True)
        for function in functions.values():
            function.grant(storage.work, read=True, write=True)
        workflow = Workflow(
            self,
            "Workflow",
            stage=stage,
            models=models,
            functions=functions,
            input_buckets=inputs,
            output_bucket=storage.output,
            work_bucket=storage.work,
            topic=Notifications(self, "Notifications", emails=stage.notify).topic,
        )
        for served in models.values():
            for bucket in (*inputs, storage.work):
                served.grant_read(bucket)
            served.grant_write(storage.output)
        Triggers(
            self,
            "Triggers",
            state_machine_arn=workflow.state_machine.state_machine_arn,
            requests=storage.input,
            schedules=stage.schedules,
        )
        if is_watched(stage):
            Stopping(
                self,
                "Stopping",
                state_machine_arn=workflow.state_machine.state_machine_arn,
                function=self._function("stop", _STOP, stage),
            )
        CfnOutput(self, "StateMachineArn", value=workflow.state_machine.state_machine_arn)

    def _function(self, name: str, does: str, stage: settings.Stage) -> Function:
        return Function(
            self,
            name.capitalize(),
            handler=f"{name}.handler",
            description=f"tfbatch: {does}",
            retain=stage.retain_data,
        )
