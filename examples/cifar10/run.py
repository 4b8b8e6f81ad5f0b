"""Classify CIFAR-10's test images with boto3.

Before: ``python -m examples.cifar10.train``, and the deployment (see README.md).
Usage: ``python -m examples.cifar10.run [DATA]``
"""

from __future__ import annotations

import sys
from pathlib import Path

import boto3

from examples import deployment
from examples.cifar10.score import score

data = Path(sys.argv[1] if len(sys.argv) > 1 else "example-data/cifar10")
s3 = boto3.client("s3")

bucket = deployment.outputs()["InputBucketName"]

# The images go to S3.
for image in sorted((data / "test").glob("*.png")):
    s3.upload_file(str(image), bucket, f"cifar10-boto3/{image.name}")

# One execution runs the transform job, and sees that every image gets its prediction.
request = {"input": f"s3://{bucket}/cifar10-boto3/", "model": "cifar10", "format": "png"}
output_bucket, prefix = deployment.run(request)

# The execution's output says where the predictions are: an object for each image.
predictions = data / "predictions-boto3"
predictions.mkdir(exist_ok=True)
for page in s3.get_paginator("list_objects_v2").paginate(Bucket=output_bucket, Prefix=prefix):
    for item in page["Contents"]:
        s3.download_file(output_bucket, item["Key"], str(predictions / Path(item["Key"]).name))

print((predictions / "00000.png.out").read_text().strip())
right, total = score(predictions, data / "labels.csv")
print(f"{right} of {total} predictions are right: {right / total:.1%}")
