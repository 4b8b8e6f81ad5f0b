#!/bin/sh
# Batch Transform with the AWS command line alone, as AWS's article does it.
# Usage: article.sh BUCKET ROLE_ARN MODEL_TAR_GZ; the images are under s3://BUCKET/images/.
set -eu

bucket=$1 role=$2 artifact=$3
image=763104351884.dkr.ecr.us-east-1.amazonaws.com/tensorflow-inference:2.20.0-gpu-py312

aws s3 cp "$artifact" "s3://$bucket/article/model.tar.gz"

aws sagemaker create-model \
    --model-name article \
    --execution-role-arn "$role" \
    --primary-container "Image=$image,ModelDataUrl=s3://$bucket/article/model.tar.gz"

aws sagemaker create-transform-job \
    --transform-job-name article \
    --model-name article \
    --max-concurrent-transforms 2 \
    --max-payload-in-mb 1 \
    --transform-input "DataSource={S3DataSource={S3DataType=S3Prefix,S3Uri=s3://$bucket/images/}},ContentType=image/png" \
    --transform-output "S3OutputPath=s3://$bucket/article/output/,AssembleWith=Line" \
    --transform-resources InstanceType=ml.g4dn.xlarge,InstanceCount=1

status=InProgress
while [ "$status" = InProgress ]; do
    sleep 1
    status=$(aws sagemaker describe-transform-job --transform-job-name article \
        --query TransformJobStatus --output text)
done
echo "status: $status"

aws s3 ls "s3://$bucket/article/output/"
aws s3 cp "s3://$bucket/article/output/red.png.out" -
