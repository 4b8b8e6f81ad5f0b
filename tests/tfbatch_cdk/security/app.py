"""The prod stage with a small model, and buckets that are deleted with their stack."""

import os
from dataclasses import replace
from pathlib import Path

from aws_cdk import App

from app import build
from stacks.stages import stage_named
from tfbatch_cdk.settings import Access, Model

MODEL = "TFBATCH_TEST_MODEL"
"""Names the folder of the model."""

BOUNDARY = "TFBATCH_TEST_BOUNDARY"
"""Names the ARN of the roles' permissions boundary."""

if __name__ == "__main__":
    app = App()
    model = Model(name="tiny", directory=Path(os.environ[MODEL]), requirements=None)
    prod = stage_named("prod")
    access = Access(permissions_boundary=os.environ.get(BOUNDARY))
    stage = replace(
        prod,
        protection=replace(prod.protection, access=access),
        models=(model,),
        retain_data=False,
        schedules={"rate(1 day)": '{"input": "s3://photos/", "format": "jpeg"}'},
    )
    build(app, stage)
    app.synth()
