"""The CDK app: builds the stacks of one stage. Importing it does nothing."""

from __future__ import annotations

import gc
import os
from typing import TYPE_CHECKING

if __name__ == "__main__":
    gc.disable()  # the CDK's classes are many and stay: looking through them takes 0.15 s
    # The CDK checks templates with WebAssembly. V8 compiles it a second time on four threads, and
    # a synthesis waits for them at its end: one thread is enough. Your own options win.
    options = os.environ.get("NODE_OPTIONS", "")
    os.environ["NODE_OPTIONS"] = f"--v8-pool-size=1 {options}".rstrip()

from aws_cdk import App, Validations

from stacks.data_stack import DataStack
from stacks.inference_stack import EndpointStack, InferenceStack
from stacks.stages import stage_named

if TYPE_CHECKING:
    from constructs import Construct

    from tfbatch_cdk.settings import Stage


def build(scope: Construct, stage: Stage | None = None) -> tuple[DataStack, InferenceStack]:
    """Add a stage's stacks to an app, or to a construct of it such as an ``aws_cdk.Stage``.

    Args:
        scope: its context ``stage`` names the stage (``cdk synth -c stage=prod``). Its context
            ``nag`` (``-c nag=true``) runs the AWS Solutions and NIST 800-53 R5 checks.
        stage: settings to use instead of those in ``stages.py``.

    Raises:
        SettingsError: the stage is unknown, or a setting or a model can't be deployed.
    """
    stage = stage or stage_named(scope.node.try_get_context("stage") or "dev")
    data = DataStack(scope, f"tfbatch-{stage.name}-data", stage=stage)
    inference = InferenceStack(
        scope, f"tfbatch-{stage.name}-inference", stage=stage, data=data.data
    )
    if stage.endpoint is not None:
        EndpointStack(
            scope,
            f"tfbatch-{stage.name}-endpoint",
            stage=stage,
            endpoint=stage.endpoint,
            inference=inference.inference,
        )
    if str(scope.node.try_get_context("nag")).lower() == "true":
        from cdk_nag import (  # noqa: PLC0415 # takes 0.3 seconds
            AwsSolutionsChecks,
            NIST80053R5Checks,
        )

        Validations.of(scope).add_plugins(AwsSolutionsChecks(scope), NIST80053R5Checks(scope))
    return data, inference


if __name__ == "__main__":
    app = App(context={"aws:cdk:disable-stack-trace": True})  # through generated code
    build(app)
    app.synth()
    gc.freeze()  # at its end Python would look through the CDK's classes after all: 0.3 s
