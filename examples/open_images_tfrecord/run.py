"""Classify photographs packed into TFRecord files with boto3.

Before: the deployment (see README.md).
Usage: ``python -m examples.open_images_tfrecord.run [PHOTOGRAPHS [TFRECORDS]]``
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import boto3

from examples import deployment, photographs
from tfbatch.records import example, tfrecord

paths = [Path(argument) for argument in sys.argv[1:]]
folder, tfrecords = (
    paths + [Path("example-data/photographs"), Path("example-data/tfrecords")][len(paths) :]
)
if not folder.is_dir():
    photographs.write(folder)
s3 = boto3.client("s3")

# A tf.train.Example for each photograph, in one file; the article has 100 files of 1,000.
files = sorted(folder.glob("*.jpg"))
tfrecords.mkdir(parents=True, exist_ok=True)
packed = tfrecords / "boto3-00000-of-00001.tfrecord"
tfrecord.write(packed, (example.encode({"image/encoded": file.read_bytes()}) for file in files))

bucket = deployment.outputs()["InputBucketName"]

# The file goes to S3.
s3.upload_file(str(packed), bucket, f"open-images-boto3/tfrecord/{packed.name}")

# One execution runs the transform jobs, and sees that every record gets its prediction.
request = {"input": f"s3://{bucket}/open-images-boto3/tfrecord/", "format": "tfrecord"}
output_bucket, prefix = deployment.run(request)

# An object for each file, a line for each of its records, in their order.
body = s3.get_object(Bucket=output_bucket, Key=f"{prefix}{packed.name}.out")["Body"].read()
for file, line in zip(files, body.splitlines(), strict=True):
    best = json.loads(line)["top_k"][0]
    print(f"{file.name:20} {best['label']:20} {best['probability']:.1%}")
