#!/usr/bin/env bash
# Classify CIFAR-10's test images with the AWS command line.
# Before: python -m examples.cifar10.train, and the deployment (see README.md).
# Usage: examples/cifar10/run.sh [DATA]
set -euo pipefail
source "$(dirname "$0")/../aws.sh"
data=${1:-example-data/cifar10}

bucket=$(output_of data InputBucketName)

# The images go to S3.
aws s3 sync --only-show-errors "$data/test" "s3://$bucket/cifar10/"

# One execution runs the transform job, and sees that every image gets its prediction.
run "{\"input\": \"s3://$bucket/cifar10/\", \"model\": \"cifar10\", \"format\": \"png\"}"

# The execution's output says where the predictions are: an object for each image.
aws s3 cp --only-show-errors --recursive "$output" "$data/predictions"
cat "$data/predictions/00000.png.out"
python -m examples.cifar10.score "$data/predictions" "$data/labels.csv"
