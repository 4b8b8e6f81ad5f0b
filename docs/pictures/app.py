"""The dev stage with small shards, so that a picture of one run has several."""

from dataclasses import replace

from aws_cdk import App

from app import build
from stacks.stages import stage_named

if __name__ == "__main__":
    app, dev = App(), stage_named("dev")
    build(app, replace(dev, compute=replace(dev.compute, objects_per_shard=80)))
    app.synth()
