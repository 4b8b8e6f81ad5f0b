"""A stage with a key of another account, whose owner adds what the operations guide says."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from tests.deployment import CDK, Deployment
from tests.executions import photos, summary_of
from tests.paths import REPOSITORY
from tests.tfbatch_cdk.security.company_app import KEY, MODEL, STACK
from tfbatch_sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OWNER = "444455556666"


def _shown() -> list[dict[str, Any]]:
    """The statements in the guide, for the sandbox's account and region."""
    guide = (REPOSITORY / "docs" / "operations.md").read_text()
    text = guide.partition("<!-- key-policy -->\n```json\n")[2].partition("```")[0]
    for shown, actual in (
        ("111122223333", "123456789012"),
        ("eu-west-1", "us-east-1"),
        ("STACK-", f"{STACK}-"),
    ):
        text = text.replace(shown, actual)
    statements: list[dict[str, Any]] = json.loads(text)
    return statements


@dataclass(frozen=True, kw_only=True)
class Company:
    """The key's owner, and the stage in another account."""

    deployment: Deployment
    kms: Any
    arn: str
    model: str
    output: str

    def allow(self, *, without: str = "") -> None:
        """Write the key's policy, but for one of the guide's statements."""
        mine = {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{OWNER}:root"},
            "Action": "kms:*",
            "Resource": "*",
        }
        statements = [mine, *(one for one in _shown() if one["Sid"] != without)]
        document = {"Version": "2012-10-17", "Statement": statements}
        self.kms.put_key_policy(KeyId=self.arn, PolicyName="default", Policy=json.dumps(document))

    def deploy(self) -> str:
        done = self.deployment.call(
            *(CDK, "deploy", "--require-approval", "never", "--output", self.output),
            *("--app", f"{sys.executable} -m tests.tfbatch_cdk.security.company_app"),
            **{KEY: self.arn, MODEL: self.model},
        )
        return done.stdout + done.stderr

    def run(self) -> dict[str, Any]:
        """Upload photographs and run a request, with the guide's policy until the run starts."""
        deployed = Deployment.of(self.deployment.sandbox, stacks=STACK)
        return deployed.execute({"input": deployed.upload("photos", photos(2)), "format": "jpeg"})


@pytest.fixture(scope="module")
def company(saved_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    state = tmp_path_factory.mktemp("company")
    with Sandbox.start(state_dir=state / "sandbox") as sandbox:
        kms = boto3.client(
            "kms",
            endpoint_url=sandbox.endpoint_url,
            region_name=sandbox.region,
            aws_access_key_id=OWNER,
            aws_secret_access_key="any",  # noqa: S106 # pragma: allowlist secret
        )
        bare = Deployment(sandbox=sandbox, outputs={})
        bare.bootstrap()
        yield Company(
            deployment=bare,
            kms=kms,
            arn=kms.create_key()["KeyMetadata"]["Arn"],
            model=str(saved_models / "image"),
            output=str(state / "cdk.out"),
        )


def test_without_the_statement_for_logs_nothing_is_deployed(company: Company) -> None:
    assert f":kms:us-east-1:{OWNER}:key/" in company.arn
    company.allow(without="UsedByTheStagesLogGroups")
    said = company.deploy()
    assert "The specified KMS key does not exist or is not allowed to be used with Arn" in said


def test_with_the_statements_of_the_guide_a_stage_runs(company: Company) -> None:
    company.allow()
    company.deploy()
    ended = company.run()
    assert summary_of(ended)["outputs"] == 2
    deployed = Deployment.of(company.deployment.sandbox, stacks=STACK)
    bucket, _, prefix = json.loads(ended["output"])["output"][5:].partition("/")
    s3 = deployed.client("s3")
    found = s3.head_object(Bucket=bucket, Key=f"{prefix}00000.jpg.out")
    assert found["SSEKMSKeyId"] == company.arn


def test_without_the_statement_for_data_a_run_fails_with_the_denial(company: Company) -> None:
    deployed = Deployment.of(company.deployment.sandbox, stacks=STACK)
    request = {"input": deployed.upload("denied", photos(2)), "format": "jpeg"}
    company.allow(without="UsedThroughS3AndSns")
    ended = deployed.execute(request)
    company.allow()
    assert ended["status"] == "FAILED"
    assert "(403)" in ended["cause"]  # S3's answer to a HEAD request has no words


def test_without_the_statement_for_volumes_no_job_is_created(company: Company) -> None:
    company.allow(without="GrantedToTheVolumesOfJobs")
    ended = company.run()
    company.allow()
    assert ended["status"] == "FAILED"
    assert "not authorized to perform: kms:CreateGrant" in ended["cause"]
