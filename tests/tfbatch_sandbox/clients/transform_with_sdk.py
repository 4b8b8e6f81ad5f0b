"""A TFRecord job with the SageMaker Python SDK, as its documentation shows; run in its own venv.

Arguments: bucket, role ARN, ``model.tar.gz``.
"""

# mypy: ignore-errors
# The SDK is not installed beside the project.
import sys

import boto3
from sagemaker import Session
from sagemaker.tensorflow import TensorFlowModel


def main(bucket: str, role: str, artifact: str) -> None:
    """Deploy the model and transform ``tfrecords/``, wait, and show the logs."""
    boto3.client("s3").upload_file(artifact, bucket, "sdk/model.tar.gz")
    model = TensorFlowModel(
        model_data=f"s3://{bucket}/sdk/model.tar.gz",
        role=role,
        framework_version="2.19",
        name="sdk",
        sagemaker_session=Session(default_bucket=bucket),
    )
    transformer = model.transformer(
        instance_count=1,
        instance_type="ml.g5.xlarge",
        strategy="SingleRecord",
        assemble_with="Line",
        max_concurrent_transforms=2,
        max_payload=1,
        output_path=f"s3://{bucket}/sdk/output/",
    )
    transformer.transform(
        f"s3://{bucket}/tfrecords/",
        content_type="application/x-tfexample",
        split_type="TFRecord",
        job_name="sdk",
        wait=True,
        logs=False,  # with logs it asks for the status every 30 s only
    )
    transformer.sagemaker_session.logs_for_transform_job("sdk", wait=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
