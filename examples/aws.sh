# What the run.sh of every example shares: `source examples/aws.sh`.

# output_of data|inference NAME: an output of a deployed stack.
output_of() {
    aws cloudformation describe-stacks --stack-name "tfbatch-dev-$1" \
        --query "Stacks[0].Outputs[?OutputKey=='$2'].OutputValue" --output text
}

# run REQUEST: starts an execution, waits for its end, and sets $output to the URI of its predictions.
run() {
    local execution status=RUNNING
    execution=$(aws stepfunctions start-execution --query executionArn --output text \
        --state-machine-arn "$(output_of inference StateMachineArn)" --input "$1")
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
    output=$(aws stepfunctions describe-execution --execution-arn "$execution" --query output \
        --output text | python -c 'import json, sys; print(json.load(sys.stdin)["output"])')
}
