"""A stage with every model of the zoo that can be served."""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from aws_cdk import App

from app import build
from stacks.stages import stage_named
from tests.zoo.animals import SERVED
from tfbatch_cdk.settings import Format, Model

ZOO = "TFBATCH_TEST_ZOO"
"""Names the folder of the zoo."""
LINES = Format(content_type="application/jsonlines", split_type="Line")


def models(folder: Path) -> Iterator[Model]:
    told = json.loads((folder / "zoo.json").read_text())
    for name in SERVED:
        yield Model(
            name=name.replace("_", "-"),
            directory=folder / name,
            signature=told[name]["signature"],
            requirements=None,
        )


if __name__ == "__main__":
    app = App()
    served = tuple(models(Path(os.environ[ZOO])))
    build(app, replace(stage_named("dev"), name="zoo", models=served, formats={"lines": LINES}))
    app.synth()
