#!/usr/bin/env bash
# Classify a folder of photographs, each a JPEG object of its own, with the AWS command line.
# Before: the deployment (see README.md).
# Usage: examples/open_images_jpeg/run.sh [PHOTOGRAPHS]
set -euo pipefail
photographs=${1:-example-data/photographs}
[ -d "$photographs" ] || python -m examples.photographs "$photographs"

# What the deployed stacks are called and have made.
output_of() {
    aws cloudformation describe-stacks --stack-name "tfbatch-dev-$1" \
        --query "Stacks[0].Outputs[?OutputKey=='$2'].OutputValue" --output text
}
bucket=$(output_of data InputBucketName)
state_machine=$(output_of inference StateMachineArn)

# The photographs go to S3.
aws s3 sync --only-show-errors "$photographs" "s3://$bucket/open-images/jpg/"

# One execution runs the transform jobs, and sees that every photograph gets its prediction.
execution=$(aws stepfunctions start-execution --state-machine-arn "$state_machine" \
    --input "{\"input\": \"s3://$bucket/open-images/jpg/\", \"format\": \"jpeg\"}" \
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

# The execution's output says where the predictions are: an object for each photograph.
output=$(aws stepfunctions describe-execution --execution-arn "$execution" \
    --query output --output text | python -c 'import json, sys; print(json.load(sys.stdin)["output"])')
aws s3 ls "$output"
aws s3 cp "${output}cat.jpg.out" -
