#!/usr/bin/env bash
# Classify a folder of photographs, each a JPEG object of its own, with the AWS command line.
# Before: the deployment (see README.md).
# Usage: examples/open_images_jpeg/run.sh [PHOTOGRAPHS]
set -euo pipefail
source "$(dirname "$0")/../aws.sh"
photographs=${1:-example-data/photographs}
[ -d "$photographs" ] || python -m examples.photographs "$photographs"

bucket=$(output_of data InputBucketName)

# The photographs go to S3.
aws s3 sync --only-show-errors "$photographs" "s3://$bucket/open-images/jpg/"

# One execution runs the transform jobs, and sees that every photograph gets its prediction.
run "{\"input\": \"s3://$bucket/open-images/jpg/\", \"format\": \"jpeg\"}"

# The execution's output says where the predictions are: an object for each photograph.
aws s3 ls "$output"
aws s3 cp "${output}cat.jpg.out" -
