"""The stage that the campaign deploys: one small model, two workers, two shards, two types."""

import os
from dataclasses import replace
from pathlib import Path

from aws_cdk import App

from app import build
from stacks.stages import JPEG, TFRECORD, stage_named
from tfbatch_cdk.settings import Compute, Invocations, Model
from tfbatch_handler.environment import Settings as Handler

MODEL = "TFBATCH_FAULTS_MODEL"
"""Names the folder of the model ``tiny``."""
VERSION = "TFBATCH_FAULTS_VERSION"
"""A number. Another one is another version of the model's code."""
SHARD = "TFBATCH_FAULTS_SHARD"
"""Objects of a shard."""
TYPES = ("g5.2xlarge", "g6.2xlarge")

if __name__ == "__main__":
    dev = stage_named("dev")
    app = App()
    build(
        app,
        replace(
            dev,
            models=(
                Model(
                    name="tiny",
                    directory=Path(os.environ[MODEL]),
                    handler=Handler(output="top_k", top_k=int(os.environ[VERSION])),
                    requirements=None,
                ),
            ),
            formats={"jpeg": JPEG, "tfrecord": TFRECORD},
            compute=Compute(
                instance_types=TYPES,
                objects_per_shard=int(os.environ[SHARD]),
                max_jobs=100,
                # Faults of capacity let these waits pass in no time.
                capacity_wait_minutes=10,
                # More than an hour, also if each wait is a quarter shorter.
                capacity_tries=10,
                patience_minutes=5,
            ),
            invocations=Invocations(timeout_seconds=20, max_retries=2),
        ),
    )
    app.synth()
