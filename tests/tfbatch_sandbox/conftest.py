"""One sandbox for the whole session, and real SDK clients that talk to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
import pytest

from tests.tfbatch_sandbox.model_server.model_servers import started
from tests.tfbatch_sandbox.roles import make_usual
from tfbatch_sandbox.processes import supervision
from tfbatch_sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_stepfunctions import SFNClient


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox shared by all tests: name what you make so that no other test has it."""
    with Sandbox.start(state_dir=tmp_path_factory.mktemp("sandbox")) as running:
        owner = boto3.Session("sandbox", "sandbox", region_name=running.region)
        iam = owner.client("iam", endpoint_url=running.endpoint_url)
        make_usual(iam)
        yield running


@pytest.fixture(scope="session")
def session(sandbox: Sandbox) -> boto3.Session:
    """An SDK session with the sandbox's credentials and region."""
    return boto3.Session(
        aws_access_key_id=sandbox.environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=sandbox.environment["AWS_SECRET_ACCESS_KEY"],
        region_name=sandbox.region,
    )


@pytest.fixture(scope="session")
def s3(session: boto3.Session, sandbox: Sandbox) -> S3Client:
    return session.client("s3", endpoint_url=sandbox.endpoint_url)


@pytest.fixture(scope="session")
def stepfunctions(session: boto3.Session, sandbox: Sandbox) -> SFNClient:
    return session.client("stepfunctions", endpoint_url=sandbox.endpoint_url)


@pytest.fixture(scope="session")
def models(saved_models: Path) -> Iterator[str]:
    """The address of a model server of all the SavedModels; gRPC is at the next port."""
    process, url = started(saved_models)
    yield url
    supervision.stop(process)
