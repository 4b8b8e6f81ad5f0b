#!/usr/bin/env bash
# Classify photographs packed into TFRecord files with the AWS command line.
# Before: the deployment (see README.md).
# Usage: examples/open_images_tfrecord/run.sh [PHOTOGRAPHS [TFRECORDS]]
set -euo pipefail
photographs=${1:-example-data/photographs}
tfrecords=${2:-example-data/tfrecords}
[ -d "$photographs" ] || python -m examples.photographs "$photographs"

# A tf.train.Example for each photograph, 1,000 a file; here there are fewer.
tfbatch pack "$photographs" "$tfrecords" --records-per-file 1000 --name train

# What the deployed stacks are called and have made.
output_of() {
    aws cloudformation describe-stacks --stack-name "tfbatch-dev-$1" \
        --query "Stacks[0].Outputs[?OutputKey=='$2'].OutputValue" --output text
}
bucket=$(output_of data InputBucketName)
state_machine=$(output_of inference StateMachineArn)

# The files go to S3.
aws s3 sync --only-show-errors "$tfrecords" "s3://$bucket/open-images/tfrecord/"

# One execution runs the transform jobs, and sees that every record gets its prediction.
execution=$(aws stepfunctions start-execution --state-machine-arn "$state_machine" \
    --input "{\"input\": \"s3://$bucket/open-images/tfrecord/\", \"format\": \"tfrecord\"}" \
    --query executionArn --output text)
status=RUNNING
while [ "$status" = RUNNING ]; do
    sleep 3
    status=$(aws stepfunctions describe-execution --execution-arn "$execution" \
        --query status --output text)
done
echo "status: $status"
if [ "$status" != SUCCEEDED ]; then
    aws stepfunctions describe-execution --execution-arn "$execution" \
        --query '[error, cause]' --output text
    exit 1
fi

# An object for each file, a line for each of its records, in their order.
output=$(aws stepfunctions describe-execution --execution-arn "$execution" \
    --query output --output text | python -c 'import json, sys; print(json.load(sys.stdin)["output"])')
aws s3 ls "$output"
aws s3 cp "${output}train-00000-of-00001.tfrecord.out" -
