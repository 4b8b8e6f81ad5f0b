"""A sandbox with a model in it, and endpoints that are made of it."""

from __future__ import annotations

import io
import json
import tarfile
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from tests.paths import REPOSITORY
from tests.tfbatch_sandbox.images import png
from tfbatch_sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient

RED = png(255, 0, 0)
_BUCKET = "endpoint-models"
_IMAGE = "763104351884.dkr.ecr.us-east-1.amazonaws.com/tensorflow-inference:2.20.0-gpu-py312"
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "sagemaker.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
_MAY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject", "logs:*"], "Resource": "*"}],
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """A sandbox with the models ``plain``, ``isolated``, ``broken`` and ``roleless``."""

    sandbox: Sandbox
    session: boto3.Session

    def client(self, service: Any) -> Any:  # noqa: ANN401 # any of boto3's clients
        return self.session.client(service, endpoint_url=self.sandbox.endpoint_url)

    @property
    def sagemaker(self) -> SageMakerClient:
        client: SageMakerClient = self.client("sagemaker")
        return client

    @property
    def runtime(self) -> SageMakerRuntimeClient:
        client: SageMakerRuntimeClient = self.client("sagemaker-runtime")
        return client

    def configure(self, name: str, **models: str) -> str:
        """Make a configuration of variants, each of a model."""
        self.sagemaker.create_endpoint_config(
            EndpointConfigName=name,
            ProductionVariants=[
                {
                    "VariantName": variant,
                    "ModelName": model,
                    "InstanceType": "ml.g5.xlarge",
                    "InitialInstanceCount": 1,
                }
                for variant, model in models.items()
            ],
        )
        return name

    def start(self, name: str, **models: str) -> dict[str, Any]:
        """Make an endpoint, and describe it when it has settled."""
        config = self.configure(name, **models)
        self.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
        return self.settled(name)

    def settled(self, name: str) -> dict[str, Any]:
        """An endpoint once it is neither being created nor updated."""
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            found: Any = self.sagemaker.describe_endpoint(EndpointName=name)
            if found["EndpointStatus"] not in {"Creating", "Updating"}:
                return dict(found)
            time.sleep(0.1)
        raise TimeoutError(name)


@pytest.fixture(scope="session")
def account(saved_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    state = tmp_path_factory.mktemp("endpoint-sandbox")
    with Sandbox.start(state_dir=state, enforce_iam=True) as sandbox:
        made = Account(
            sandbox=sandbox, session=boto3.Session("sandbox", "sandbox", region_name=sandbox.region)
        )
        s3 = made.client("s3")
        s3.create_bucket(Bucket=_BUCKET)
        s3.put_object(Bucket=_BUCKET, Key="good.tar.gz", Body=_artifact(saved_models / "image"))
        s3.put_object(Bucket=_BUCKET, Key="empty.tar.gz", Body=_artifact(None))
        role = _role(made)
        for name, key, isolated in (
            ("plain", "good", False),
            ("isolated", "good", True),
            ("broken", "empty", False),
        ):
            made.sagemaker.create_model(
                ModelName=name,
                ExecutionRoleArn=role,
                EnableNetworkIsolation=isolated,
                PrimaryContainer={
                    "Image": _IMAGE,
                    "ModelDataUrl": f"s3://{_BUCKET}/{key}.tar.gz",
                    "Environment": {"TFBATCH_OUTPUT": "top_k", "TFBATCH_TOP_K": "2"},
                },
            )
        made.sagemaker.create_model(
            ModelName="roleless", ExecutionRoleArn="arn:aws:iam::123456789012:role/nobody"
        )
        yield made


@pytest.fixture(scope="session")
def endpoint(account: Account) -> str:
    """An endpoint in service; its two variants are ``plain`` and ``isolated``."""
    found = account.start("photos", plain="plain", isolated="isolated")
    assert found["EndpointStatus"] == "InService", found
    return "photos"


def _role(account: Account) -> str:
    iam = account.client("iam")
    role = iam.create_role(RoleName="endpoints", AssumeRolePolicyDocument=json.dumps(_TRUST))
    iam.put_role_policy(RoleName="endpoints", PolicyName="may", PolicyDocument=json.dumps(_MAY))
    arn: str = role["Role"]["Arn"]
    return arn


def _artifact(model: Path | None) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as tar:
        if model is not None:
            tar.add(model / "1", "1")
        tar.add(REPOSITORY / "model_code", "code", filter=_without_caches)
    return data.getvalue()


def _without_caches(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if "__pycache__" in member.name else member
