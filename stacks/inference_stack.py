"""What can be made anew at any time: the models and the workflow that runs them; wiring only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import CfnOutput, Environment, Stack
from aws_cdk import aws_s3 as s3

from stacks.images import image
from stacks.served_model import ServedModel
from stacks.workflow.construct import Workflow

if TYPE_CHECKING:
    from constructs import Construct

    from stacks import settings
    from stacks.storage import Storage


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
                network_isolation=stage.container.network_isolation,
            )
            for model in stage.models
        }
        workflow = Workflow(
            self,
            "Workflow",
            stage=stage,
            models=models,
            input_buckets=inputs,
            output_bucket=storage.output,
        )
        for bucket in inputs:
            workflow.grant_listing(bucket)
            for served in models.values():
                served.grant_read(bucket)
        for served in models.values():
            served.grant_write(storage.output)
        CfnOutput(self, "StateMachineArn", value=workflow.state_machine.state_machine_arn)
