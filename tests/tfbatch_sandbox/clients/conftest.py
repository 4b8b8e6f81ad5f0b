"""A model in the sandbox, made with nothing but S3 and IAM, for the clients of others to run."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.tfbatch_sandbox.images import png
from tests.tfbatch_sandbox.roles import allow, make_role
from tfbatch.records import example, tfrecord

if TYPE_CHECKING:
    from collections.abc import Sequence

    import boto3
    from mypy_boto3_s3 import S3Client

    from tfbatch_sandbox.sandbox import Sandbox

ROOT = Path(__file__).resolve().parents[3]
COLORS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255)}
"""In the order of the model's classes."""


@dataclass(frozen=True)
class Account:
    """What a user has before they run a client."""

    bucket: str
    role_arn: str
    artifact: Path
    environment: dict[str, str]
    """The client's whole environment."""


def run(account: Account, *command: str | Path, more: Sequence[str] = ()) -> str:
    """Run a client's script with the usual arguments; what it printed."""
    ran = subprocess.run(
        [*map(str, command), account.bucket, account.role_arn, str(account.artifact), *more],
        env=account.environment,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.fixture(scope="session")
def account(
    sandbox: Sandbox,
    session: boto3.Session,
    s3: S3Client,
    saved_models: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Account:
    """A bucket with three images and one TFRecord of them, a role, an artifact on disk."""
    s3.create_bucket(Bucket="clients")
    for name, color in COLORS.items():
        s3.put_object(Bucket="clients", Key=f"images/{name}.png", Body=png(*color))
    records = [
        tfrecord.frame(example.encode({"image/encoded": png(*color)})) for color in COLORS.values()
    ]
    s3.put_object(Bucket="clients", Key="tfrecords/all.tfrecord", Body=b"".join(records))
    artifact = tmp_path_factory.mktemp("artifact") / "model.tar.gz"
    artifact.write_bytes(_artifact(saved_models / "image"))
    tools = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return Account(
        bucket="clients",
        role_arn=_role(session, sandbox),
        artifact=artifact,
        environment=inherited | sandbox.environment | {"PATH": tools},
    )


def _role(session: boto3.Session, sandbox: Sandbox) -> str:
    iam = session.client("iam", endpoint_url=sandbox.endpoint_url)
    return make_role(
        iam,
        "clients",
        {"Service": "sagemaker.amazonaws.com"},
        *(allow(f"{service}:*", on="*") for service in ("s3", "logs", "cloudwatch", "ecr")),
    )


def _artifact(model: Path) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as tar:
        tar.add(model / "1", "1")
        tar.add(ROOT / "model_code", "code", filter=_without_caches)
    return data.getvalue()


def _without_caches(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if "__pycache__" in member.name else member
