"""Classify a folder of photographs, each a JPEG object of its own, with boto3.

Before: the deployment (see README.md).
Usage: ``python -m examples.open_images_jpeg.run [PHOTOGRAPHS]``
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import boto3

from examples import photographs

folder = Path(sys.argv[1] if len(sys.argv) > 1 else "example-data/photographs")
if not folder.is_dir():
    photographs.write(folder)
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

# The photographs go to S3.
files = sorted(folder.glob("*.jpg"))
for file in files:
    s3.upload_file(str(file), bucket, f"open-images-boto3/jpg/{file.name}")

# One execution runs the transform jobs, and sees that every photograph gets its prediction.
request = {"input": f"s3://{bucket}/open-images-boto3/jpg/", "format": "jpeg"}
execution = sfn.start_execution(
    stateMachineArn=outputs["StateMachineArn"], input=json.dumps(request)
)["executionArn"]
while (found := sfn.describe_execution(executionArn=execution))["status"] == "RUNNING":
    time.sleep(1)
print("status:", found["status"])
if found["status"] != "SUCCEEDED":
    sys.exit(f"{found.get('error')}: {found.get('cause')}")

# The execution's output says where the predictions are: an object for each photograph.
output_bucket, _, prefix = (
    json.loads(found["output"])["output"].removeprefix("s3://").partition("/")
)
for file in files:
    body = s3.get_object(Bucket=output_bucket, Key=f"{prefix}{file.name}.out")["Body"].read()
    best = json.loads(body)["top_k"][0]
    print(f"{file.name:20} {best['label']:20} {best['probability']:.1%}")
