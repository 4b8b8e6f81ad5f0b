"""The examples' stage, with the model of these tests and an endpoint."""

import os
from dataclasses import replace
from pathlib import Path

from aws_cdk import App

from app import build
from examples.cifar10.app import stage
from tfbatch_cdk.settings import Endpoint

CIFAR10 = "TFBATCH_TEST_CIFAR10"
"""Names the folder of the trained model."""

if __name__ == "__main__":
    app = App()
    build(app, replace(stage(Path(os.environ[CIFAR10])), endpoint=Endpoint()))
    app.synth()
