"""A stack with a small model whose key or VPC, if it is given, belongs to another account."""

import json
import os
from dataclasses import replace
from pathlib import Path

from aws_cdk import App, CfnOutput, Stack
from aws_cdk import aws_kms as kms

from stacks.stages import stage_named
from tfbatch_cdk import BatchInference
from tfbatch_cdk.settings import Compute, Model, Network

MODEL = "TFBATCH_TEST_MODEL"
KEY = "TFBATCH_TEST_KEY"
"""Names the ARN of the key."""
NETWORK = "TFBATCH_TEST_NETWORK"
"""Names the fields of the network, as JSON."""
STACK = "company"


def main() -> None:
    app = App()
    stack = Stack(app, STACK)
    prod = stage_named("prod")
    network = Network(**json.loads(os.environ[NETWORK])) if NETWORK in os.environ else None
    stage = replace(
        prod,
        models=(Model(name="tiny", directory=Path(os.environ[MODEL]), requirements=None),),
        compute=Compute(instance_types=("m5.xlarge",)),  # its volumes take a key
        protection=replace(
            prod.protection, network=network, watch=None, customer_key=KEY in os.environ
        ),
        retain_data=False,
    )
    key = kms.Key.from_key_arn(stack, "Key", os.environ[KEY]) if KEY in os.environ else None
    inference = BatchInference(stack, "BatchInference", stage=stage, key=key)
    CfnOutput(stack, "InputBucketName", value=inference.input_bucket.bucket_name)
    CfnOutput(stack, "OutputBucketName", value=inference.output_bucket.bucket_name)
    CfnOutput(stack, "StateMachineArn", value=inference.state_machine.state_machine_arn)
    app.synth()


if __name__ == "__main__":
    main()
