"""The team's app. It has no feature flags of tfbatch's; run it with ``cdk deploy`` here."""

from __future__ import annotations

import os
from pathlib import Path

from aws_cdk import App

from examples.own_app.photos_stack import PhotosStack
from tfbatch_cdk.settings import Format, Model, Stage
from tfbatch_handler.environment import Settings as Handler


def stage(model: Path) -> Stage:
    """What is predicted: JPEG photographs, by one model."""
    return Stage(
        name="photos",
        models=(Model(name="classifier", directory=model, handler=Handler(output="top_k")),),
        formats={"jpeg": Format(content_type="image/jpeg")},
        retain_data=False,
    )


if __name__ == "__main__":
    app = App()
    directory = Path(os.environ.get("MODEL", "models/efficientnet-lite0"))
    PhotosStack(app, "Photos", stage=stage(directory))
    app.synth()
