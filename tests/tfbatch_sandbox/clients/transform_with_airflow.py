"""A Model and a job with the operator of Airflow's Amazon provider; run in its own venv.

Arguments: bucket, role ARN, ``model.tar.gz``.
"""

# mypy: ignore-errors
# Airflow is not installed beside the project.
import json
import sys

from airflow.providers.amazon.aws.hooks.s3 import S3Hook
from airflow.providers.amazon.aws.operators.sagemaker import SageMakerTransformOperator

IMAGE = "763104351884.dkr.ecr.us-east-1.amazonaws.com/tensorflow-inference:2.19-gpu"


def main(bucket: str, role: str, artifact: str) -> None:
    """Upload, run the operator to the job's end, and print the classes by file."""
    s3 = S3Hook(aws_conn_id=None)
    s3.load_file(artifact, "airflow/model.tar.gz", bucket)
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{bucket}/images/"}}
    container = {"Image": IMAGE, "ModelDataUrl": f"s3://{bucket}/airflow/model.tar.gz"}
    transform = SageMakerTransformOperator(
        task_id="transform",
        aws_conn_id=None,
        check_interval=1,
        max_ingestion_time=120,
        config={
            "Model": {
                "ModelName": "airflow",
                "PrimaryContainer": container,
                "ExecutionRoleArn": role,
            },
            "Transform": {
                "TransformJobName": "airflow",
                "ModelName": "airflow",
                "TransformInput": {"DataSource": source, "ContentType": "application/x-image"},
                "TransformOutput": {"S3OutputPath": f"s3://{bucket}/airflow/output/"},
                "TransformResources": {"InstanceType": "ml.g5.xlarge", "InstanceCount": 1},
            },
        },
    )
    answer = transform.execute({})
    keys = s3.list_keys(bucket, prefix="airflow/output/")
    found = {
        key.rsplit("/", 1)[-1]: json.loads(s3.read_key(key, bucket))["predictions"][0]["classes"]
        for key in keys
    }
    told = {"classes": found, "status": answer["Transform"]["TransformJobStatus"]}
    print(json.dumps(told))  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
