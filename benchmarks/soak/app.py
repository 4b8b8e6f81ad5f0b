"""The stage that the soak deploys: ``dev`` with small shards."""

from dataclasses import replace

from aws_cdk import App

from app import build
from stacks.stages import stage_named
from tfbatch_cdk.settings import Compute

OBJECTS_PER_SHARD = 100

if __name__ == "__main__":
    app = App()
    compute = Compute(objects_per_shard=OBJECTS_PER_SHARD, max_instances=4, max_jobs=4)
    build(app, replace(stage_named("dev"), compute=compute))
    app.synth()
