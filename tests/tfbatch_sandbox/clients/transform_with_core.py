"""A job with the SageMaker Python SDK v3's resources, and its files by s3fs; run in its own venv.

Arguments: bucket, role ARN, ``model.tar.gz``.
"""

# mypy: ignore-errors
# Neither package is installed beside the project.
import json
import sys

import s3fs
from sagemaker.core.resources import Model, TransformJob
from sagemaker.core.shapes import (
    ContainerDefinition,
    TransformDataSource,
    TransformInput,
    TransformOutput,
    TransformResources,
    TransformS3DataSource,
)

IMAGE = "763104351884.dkr.ecr.us-east-1.amazonaws.com/tensorflow-inference:2.19-gpu"


def main(bucket: str, role: str, artifact: str) -> None:
    """Upload, create a Model and a job, wait, and print the classes by file."""
    files = s3fs.S3FileSystem()
    files.put(artifact, f"{bucket}/core/model.tar.gz")
    Model.create(
        model_name="core",
        execution_role_arn=role,
        primary_container=ContainerDefinition(
            image=IMAGE, model_data_url=f"s3://{bucket}/core/model.tar.gz"
        ),
    )
    source = TransformS3DataSource(s3_data_type="S3Prefix", s3_uri=f"s3://{bucket}/images/")
    job = TransformJob.create(
        transform_job_name="core",
        model_name="core",
        transform_input=TransformInput(
            data_source=TransformDataSource(s3_data_source=source),
            content_type="application/x-image",
        ),
        transform_output=TransformOutput(s3_output_path=f"s3://{bucket}/core/output/"),
        transform_resources=TransformResources(instance_type="ml.g5.xlarge", instance_count=1),
    )
    job.wait(poll=1, timeout=120)
    found = {}
    for path in files.glob(f"{bucket}/core/output/*.out"):
        with files.open(path) as file:
            found[path.rsplit("/", 1)[-1]] = json.load(file)["predictions"][0]["classes"]
    files.rm(f"{bucket}/core/output/", recursive=True)
    left = files.ls(f"{bucket}/core/")
    print(json.dumps({"classes": found, "left": left, "status": job.transform_job_status}))  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
