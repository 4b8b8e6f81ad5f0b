"""An app with one model, of which environment variables say what it is."""

import os
from pathlib import Path

from aws_cdk import App, CfnOutput, Stack

from tfbatch_cdk.model.image import image
from tfbatch_cdk.model.sagemaker_model import SageMakerModel
from tfbatch_cdk.settings import Container, Model

DIRECTORY = "TFBATCH_TEST_MODEL"
UNAPPROVED = "TFBATCH_TEST_UNAPPROVED"


def main() -> None:
    app = App()
    stack = Stack(app, "one-model")
    model = Model(
        name="vector",
        directory=Path(os.environ[DIRECTORY]),
        requirements=None,
        needs_approval=UNAPPROVED not in os.environ,
    )
    container = Container()
    served = SageMakerModel(
        stack,
        "Model-vector",
        model=model,
        image=image(stack, container),
        container=container,
        variables={},
    )
    CfnOutput(stack, "Artifact", value=served.artifact.url)
    CfnOutput(stack, "Digest", value=served.artifact.digest)
    app.synth()


if __name__ == "__main__":
    main()
