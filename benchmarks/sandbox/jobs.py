"""Transform jobs in a sandbox, made and timed through the AWS SDK."""

from __future__ import annotations

import io
import json
import tarfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3

from tfbatch_functions.accounting import job_logs
from tfbatch_functions.throughput.answers import answers_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfbatch_sandbox.sandbox import Sandbox

_ROOT = Path(__file__).resolve().parents[2]
_BUCKET = "benchmark"
_IMAGE = "763104351884.dkr.ecr.us-east-1.amazonaws.com/tensorflow-inference:2.20.0-gpu-py312"
_FIRST_BATCHES = 32
"""Records of the first two batches, for which TensorFlow prepares the graph."""
_TRUST = {
    "Effect": "Allow",
    "Principal": {"Service": "sagemaker.amazonaws.com"},
    "Action": "sts:AssumeRole",
}
FORMATS: Mapping[str, Mapping[str, str]] = {
    "jpeg": {"ContentType": "image/jpeg", "SplitType": "None"},
    "tfrecord": {"ContentType": "application/x-tfexample", "SplitType": "TFRecord"},
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Timing:
    """One job: how many outputs it left, and its seconds."""

    outputs: int
    starting: float
    """From its request to the first record."""
    ended: float
    """When it ended, in seconds since 1970."""


class Jobs:
    """A user's view of a sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._session = boto3.Session("sandbox", "sandbox", region_name=sandbox.region)
        self._endpoint = sandbox.endpoint_url
        self.s3 = self.client("s3")
        self._sagemaker = self.client("sagemaker")
        self._logs = self.client("logs")
        self.s3.create_bucket(Bucket=_BUCKET)
        policy = json.dumps({"Statement": [_TRUST]})
        iam = self.client("iam")
        created = iam.create_role(RoleName="role", AssumeRolePolicyDocument=policy)
        self._role = created["Role"]["Arn"]
        statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        allowed = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_role_policy(RoleName="role", PolicyName="all", PolicyDocument=allowed)

    def client(self, service: str) -> Any:  # noqa: ANN401 - of any service
        """An SDK client."""
        return self._session.client(service, endpoint_url=self._endpoint)  # type: ignore[call-overload]

    def upload(self, directory: Path, prefix: str) -> None:
        """Put every file of a directory under ``prefix/``."""
        with ThreadPoolExecutor(8) as threads:
            for file in sorted(directory.iterdir()):
                key = f"{prefix}/{file.name}"
                threads.submit(self.s3.upload_file, str(file), _BUCKET, key)

    def create_model(self, name: str, version: Path, code: Path = _ROOT / "model_code") -> None:
        """Register a SavedModel with a folder of handlers as an artifact."""
        data = io.BytesIO()
        with tarfile.open(fileobj=data, mode="w:gz", compresslevel=1) as tar:
            tar.add(version, "1")
            tar.add(code, "code")
        self.s3.put_object(Bucket=_BUCKET, Key=f"{name}.tar.gz", Body=data.getvalue())
        url = f"s3://{_BUCKET}/{name}.tar.gz"
        self._sagemaker.create_model(
            ModelName=name,
            ExecutionRoleArn=self._role,
            PrimaryContainer={"Image": _IMAGE, "ModelDataUrl": url},
        )

    def run(
        self, name: str, *, model: str, prefix: str, kind: str, environment: Mapping[str, str]
    ) -> Timing:
        """A job over ``prefix/``, at its end.

        Raises:
            RuntimeError: it did not complete.
        """
        source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{_BUCKET}/{prefix}/"}
        output = f"out/{name}/"
        self._sagemaker.create_transform_job(
            TransformJobName=name,
            ModelName=model,
            MaxConcurrentTransforms=64,
            MaxPayloadInMB=1,
            BatchStrategy="SingleRecord",
            TransformInput={"DataSource": {"S3DataSource": source}, **FORMATS[kind]},
            TransformOutput={"S3OutputPath": f"s3://{_BUCKET}/{output}", "AssembleWith": "Line"},
            TransformResources={"InstanceType": "ml.g5.xlarge", "InstanceCount": 1},
            Environment=dict(environment),
        )
        job = self._end(name)
        started, ended = job["TransformStartTime"], job["TransformEndTime"]
        return Timing(
            outputs=self.count(output),
            starting=(started - job["CreationTime"]).total_seconds(),
            ended=ended.timestamp(),
        )

    def rate(self, name: str, timing: Timing, *, records: int) -> float:
        """Records per second of a job, from when its first batches are answered to its end.

        Raises:
            RuntimeError: its container's log doesn't tell when they are.
        """
        pages = job_logs.pages(
            name, lambda stream: not job_logs.is_data_log(stream), logs=self._logs
        )
        answers = sorted(one for _, lines in pages for line in lines for one in answers_in(line))
        done = 0
        for milliseconds, count in answers:
            done += count
            if done >= _FIRST_BATCHES:
                return (records - done) / (timing.ended - milliseconds / 1000)
        raise RuntimeError(f"{name}: its log has the answers of {done} records")

    def count(self, prefix: str) -> int:
        """Objects under a prefix."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=_BUCKET, Prefix=prefix)
        return sum(page["KeyCount"] for page in pages)

    def _end(self, name: str) -> Any:  # noqa: ANN401 - the SDK's answer
        while True:
            job = self._sagemaker.describe_transform_job(TransformJobName=name)
            if job["TransformJobStatus"] == "Completed":
                return job
            if job["TransformJobStatus"] != "InProgress":
                raise RuntimeError(f"{name}: {job.get('FailureReason', job['TransformJobStatus'])}")
            time.sleep(0.5)
