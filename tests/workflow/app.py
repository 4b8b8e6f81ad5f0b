"""The dev stage with one more input bucket, for the tests to deploy."""

from dataclasses import replace

from aws_cdk import App

from app import build
from stacks.settings import stage_named

FAR_BUCKET = "photos-of-another-region"

if __name__ == "__main__":
    app = App()
    build(app, replace(stage_named("dev"), input_buckets=(FAR_BUCKET, "a-bucket-that-is-not")))
    app.synth()
