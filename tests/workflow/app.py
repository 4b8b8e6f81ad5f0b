"""The dev stage as the tests deploy it: more models, types, input buckets, and small shards."""

import os
from dataclasses import replace
from pathlib import Path

from aws_cdk import App
from tfbatch_handler.environment import Settings as Handler

from app import build
from stacks.settings import Compute, Model
from stacks.stages import stage_named

FAR_BUCKET = "photos-of-another-region"
MISSING_BUCKET = "a-bucket-that-is-not"
TYPES = ("g5.xlarge", "g6.xlarge", "g4dn.xlarge")
MODELS = "TFBATCH_TEST_MODELS"
"""Names the folder with the models ``tiny`` and ``broken``."""

if __name__ == "__main__":
    dev, folder = stage_named("dev"), Path(os.environ[MODELS])
    app = App()
    build(
        app,
        replace(
            dev,
            models=(
                *dev.models,
                Model(name="tiny", directory=folder / "tiny", handler=Handler(output="top_k")),
                Model(name="broken", directory=folder / "broken", handler=Handler(output="top_k")),
            ),
            compute=Compute(
                instance_types=TYPES,
                max_instances=4,
                objects_per_shard=100,
                capacity_wait_minutes=0,
                capacity_tries=2,
            ),
            input_buckets=(FAR_BUCKET, MISSING_BUCKET),
        ),
    )
    app.synth()
