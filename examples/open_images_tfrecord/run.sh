#!/usr/bin/env bash
# Classify photographs packed into TFRecord files with the AWS command line.
# Before: the deployment (see README.md).
# Usage: examples/open_images_tfrecord/run.sh [PHOTOGRAPHS [TFRECORDS]]
set -euo pipefail
source "$(dirname "$0")/../aws.sh"
photographs=${1:-example-data/photographs}
tfrecords=${2:-example-data/tfrecords}
[ -d "$photographs" ] || python -m examples.photographs "$photographs"

# A tf.train.Example for each photograph, 1,000 a file; here there are fewer.
tfbatch pack "$photographs" "$tfrecords" --records-per-file 1000 --name train

bucket=$(output_of data InputBucketName)

# The files go to S3.
aws s3 sync --only-show-errors "$tfrecords" "s3://$bucket/open-images/tfrecord/"

# One execution runs the transform jobs, and sees that every record gets its prediction.
run "{\"input\": \"s3://$bucket/open-images/tfrecord/\", \"format\": \"tfrecord\"}"

# An object for each file, a line for each of its records, in their order.
aws s3 ls "$output"
aws s3 cp "${output}train-00000-of-00001.tfrecord.out" -
