"""Classify a folder of photographs, each a JPEG object of its own, with boto3.

Before: the deployment (see README.md).
Usage: ``python -m examples.open_images_jpeg.run [PHOTOGRAPHS]``
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import boto3

from examples import deployment, photographs

folder = Path(sys.argv[1] if len(sys.argv) > 1 else "example-data/photographs")
if not folder.is_dir():
    photographs.write(folder)
s3 = boto3.client("s3")

bucket = deployment.outputs()["InputBucketName"]

# The photographs go to S3.
files = sorted(folder.glob("*.jpg"))
for file in files:
    s3.upload_file(str(file), bucket, f"open-images-boto3/jpg/{file.name}")

# One execution runs the transform jobs, and sees that every photograph gets its prediction.
request = {"input": f"s3://{bucket}/open-images-boto3/jpg/", "format": "jpeg"}
output_bucket, prefix = deployment.run(request)

# The execution's output says where the predictions are: an object for each photograph.
for file in files:
    body = s3.get_object(Bucket=output_bucket, Key=f"{prefix}{file.name}.out")["Body"].read()
    best = json.loads(body)["top_k"][0]
    print(f"{file.name:20} {best['label']:20} {best['probability']:.1%}")
