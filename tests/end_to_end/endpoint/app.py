"""The prod stage with a small model and an endpoint, for the tests to synthesize."""

import os
from dataclasses import replace
from pathlib import Path

from aws_cdk import App

from app import build
from stacks.stages import stage_named
from tfbatch_cdk.settings import Endpoint, Model

MODEL = "TFBATCH_TEST_MODEL"
"""Names the folder of the model ``tiny``."""

if __name__ == "__main__":
    tiny = Model(name="tiny", directory=Path(os.environ[MODEL]), requirements=None)
    app = App()
    build(
        app,
        replace(
            stage_named("prod"),
            models=(tiny,),
            endpoint=Endpoint(instance_type="c7i.xlarge", min_instances=2, max_instances=3),
        ),
    )
    app.synth()
