"""Classify CIFAR-10's test images with boto3.

Before: ``python -m examples.cifar10.train``, and the deployment (see README.md).
Usage: ``python -m examples.cifar10.run [DATA]``
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import boto3

from examples.cifar10.score import score

data = Path(sys.argv[1] if len(sys.argv) > 1 else "example-data/cifar10")
cloudformation, s3, sfn = (
    boto3.client("cloudformation"),
    boto3.client("s3"),
    boto3.client("stepfunctions"),
)

# What the deployed stacks have made.
outputs = {
    output["OutputKey"]: output["OutputValue"]
    for name in ("tfbatch-dev-data", "tfbatch-dev-inference")
    for output in cloudformation.describe_stacks(StackName=name)["Stacks"][0]["Outputs"]
}
bucket = outputs["InputBucketName"]

# The images go to S3.
for image in sorted((data / "test").glob("*.png")):
    s3.upload_file(str(image), bucket, f"cifar10-boto3/{image.name}")

# One execution runs the transform job, and sees that every image gets its prediction.
request = {"input": f"s3://{bucket}/cifar10-boto3/", "model": "cifar10", "format": "png"}
execution = sfn.start_execution(
    stateMachineArn=outputs["StateMachineArn"], input=json.dumps(request)
)["executionArn"]
while (found := sfn.describe_execution(executionArn=execution))["status"] == "RUNNING":
    time.sleep(1)
print("status:", found["status"])
if found["status"] != "SUCCEEDED":
    sys.exit(f"{found.get('error')}: {found.get('cause')}")

# The execution's output says where the predictions are: an object for each image.
report = json.loads(found["output"])
output_bucket, _, prefix = report["output"].removeprefix("s3://").partition("/")
predictions = data / "predictions-boto3"
predictions.mkdir(exist_ok=True)
for page in s3.get_paginator("list_objects_v2").paginate(Bucket=output_bucket, Prefix=prefix):
    for item in page["Contents"]:
        s3.download_file(output_bucket, item["Key"], str(predictions / Path(item["Key"]).name))

print((predictions / "00000.png.out").read_text().strip())
right, total = score(predictions, data / "labels.csv")
print(f"{right} of {total} predictions are right: {right / total:.1%}")
