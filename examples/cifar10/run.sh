#!/usr/bin/env bash
# Classify CIFAR-10's test images with the AWS command line.
# Before: python -m examples.cifar10.train, and the deployment (see README.md).
# Usage: examples/cifar10/run.sh [DATA]
set -euo pipefail
data=${1:-example-data/cifar10}

# What the deployed stacks are called and have made.
output_of() {
    aws cloudformation describe-stacks --stack-name "tfbatch-dev-$1" \
        --query "Stacks[0].Outputs[?OutputKey=='$2'].OutputValue" --output text
}
bucket=$(output_of data InputBucketName)
state_machine=$(output_of inference StateMachineArn)

# The images go to S3.
aws s3 sync --only-show-errors "$data/test" "s3://$bucket/cifar10/"

# One execution runs the transform job, and sees that every image gets its prediction.
execution=$(aws stepfunctions start-execution --state-machine-arn "$state_machine" \
    --input "{\"input\": \"s3://$bucket/cifar10/\", \"model\": \"cifar10\", \"format\": \"png\"}" \
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

# The execution's output says where the predictions are: an object for each image.
output=$(aws stepfunctions describe-execution --execution-arn "$execution" \
    --query output --output text | python -c 'import json, sys; print(json.load(sys.stdin)["output"])')
aws s3 cp --only-show-errors --recursive "$output" "$data/predictions"
cat "$data/predictions/00000.png.out"
python -m examples.cifar10.score "$data/predictions" "$data/labels.csv"
