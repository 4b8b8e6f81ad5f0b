"""The dev stage with the model of this example beside the demo's, and PNG beside its formats.

``cdk deploy --all --app "python -m examples.cifar10.app"``
"""

from dataclasses import replace
from pathlib import Path

from aws_cdk import App

from app import build
from stacks.stages import stage_named
from tfbatch_cdk.settings import Format, Model, Stage
from tfbatch_handler.environment import Settings as Handler


def stage(directory: Path) -> Stage:
    """The stage, with the model that ``examples.cifar10.train`` has put into a directory."""
    dev = stage_named("dev")
    cifar10 = Model(name="cifar10", directory=directory, handler=Handler(output="top_k", top_k=3))
    png = Format(content_type="image/png", max_payload_mb=1, max_concurrent_transforms=64)
    return replace(dev, models=(*dev.models, cifar10), formats={**dev.formats, "png": png})


if __name__ == "__main__":
    app = App()
    build(app, stage(Path("models/cifar10")))
    app.synth()
