"""The stages that the tests deploy: more models, formats, input buckets, and small shards."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from aws_cdk import App

from app import build
from stacks.stages import JPEG, TFRECORD, stage_named
from tfbatch_cdk.settings import (
    TIFF_LOCK,
    Compute,
    DataCapture,
    DataProcessing,
    Experiment,
    Format,
    Invocations,
    Model,
    Stage,
)
from tfbatch_handler.environment import Settings as Handler

FAR_BUCKET = "photos-of-another-region"
MISSING_BUCKET = "a-bucket-that-is-not"
TYPES = ("g5.xlarge", "g6.xlarge", "g4dn.xlarge")
MODELS = "TFBATCH_TEST_MODELS"
"""Names the folder with the models ``tiny``, ``broken`` and ``vector``."""
FORMATS = {
    "jpeg": JPEG,
    "tfrecord": TFRECORD,
    "joined": Format(
        content_type="application/jsonlines",
        split_type="Line",
        accept="application/jsonlines",
        processing=DataProcessing(join_source="Input"),
    ),
}

PLAIN = "plain"
"""The stage whose jobs need no more than ``createTransformJob.sync`` documents."""


def _stages(folder: Path) -> Iterator[Stage]:
    dev = stage_named("dev")
    handler = Handler(output="top_k")
    tiny = Model(
        name="tiny",
        directory=folder / "tiny",
        handler=handler,
        requirements=TIFF_LOCK,
    )
    broken = Model(name="broken", directory=folder / "broken", handler=handler)
    vector = Model(name="vector", directory=folder / "vector")
    compute = Compute(
        instance_types=TYPES,
        max_instances=4,
        objects_per_shard=100,
        capacity_wait_minutes=0,
        capacity_tries=2,
        patience_minutes=0.05,
    )
    yield replace(
        dev,
        models=(*dev.models, tiny, broken, vector),
        formats=FORMATS,
        compute=compute,
        input_buckets=(FAR_BUCKET, MISSING_BUCKET),
        request_variables=("TFBATCH_TOP_K", "TFBATCH_OUTPUT"),
        invocations=Invocations(timeout_seconds=120, max_retries=1),
        capture=DataCapture(),
        experiment=Experiment(name="nightly", trial="first"),
    )
    yield replace(
        dev,
        name=PLAIN,
        models=(tiny,),
        container=replace(dev.container, ami_version=None),
        compute=compute,
    )


if __name__ == "__main__":
    app = App()
    for stage in _stages(Path(os.environ[MODELS])):
        build(app, stage)
    app.synth()
