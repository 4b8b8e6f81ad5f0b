"""A pipeline with a test and a production account."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from aws_cdk import App, Environment, Stack, Stage
from aws_cdk import aws_codecommit as codecommit
from aws_cdk.pipelines import CodePipeline, CodePipelineSource, ManualApprovalStep, ShellStep

from examples.own_app.app import stage as settings
from examples.own_app.photos_stack import PhotosStack

if TYPE_CHECKING:
    from constructs import Construct

REGION = "eu-west-1"
TOOLS, TEST, PRODUCTION = "111111111111", "222222222222", "333333333333"
"""Accounts of the pipeline, of the test and of production."""


class Photos(Stage):
    """The app in one account."""

    def __init__(self, scope: Construct, construct_id: str, *, account: str, model: Path) -> None:
        super().__init__(scope, construct_id, env=Environment(account=account, region=REGION))
        PhotosStack(self, "Photos", stage=settings(model))


def pipeline(app: App, model: Path) -> CodePipeline:
    """Add the pipeline's stack to an app."""
    stack = Stack(app, "PhotosPipeline", env=Environment(account=TOOLS, region=REGION))
    source = codecommit.Repository.from_repository_name(stack, "Source", "photos")
    made = CodePipeline(
        stack,
        "Pipeline",
        cross_account_keys=True,  # the other accounts read its artifacts
        synth=ShellStep(
            "Synth",
            input=CodePipelineSource.code_commit(source, "main"),
            commands=["make install", 'npx cdk synth --app "python -m examples.pipeline.app"'],
        ),
    )
    made.add_stage(Photos(app, "Test", account=TEST, model=model))
    made.add_stage(
        Photos(app, "Production", account=PRODUCTION, model=model),
        pre=[ManualApprovalStep("Approve")],
    )
    return made


if __name__ == "__main__":
    app = App()
    pipeline(app, Path(os.environ.get("MODEL", "models/efficientnet-lite0")))
    app.synth()
