"""A stage in subnets of another account, whose owner does what the operations guide says."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.deployment import CDK, Deployment
from tests.executions import photos, summary_of
from tests.paths import REPOSITORY
from tests.tfbatch_cdk.security.company_app import MODEL, NETWORK, STACK
from tfbatch_sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OWNER = "444455556666"
ENDPOINTS = ("s3", "logs", "sagemaker.api", "ecr.api", "ecr.dkr")
BUCKET = "arn:aws:s3:::BUCKET-OF-THE-STAGE"


def _shown(part: str) -> Any:  # noqa: ANN401 - JSON
    """What the guide shows, for the sandbox's account and region."""
    guide = (REPOSITORY / "docs" / "operations.md").read_text()
    text = guide.partition(f"<!-- {part} -->\n```json\n")[2].partition("```")[0]
    for shown, actual in (("111122223333", "123456789012"), ("eu-west-1", "us-east-1")):
        text = text.replace(shown, actual)
    return json.loads(text)


@dataclass(frozen=True, kw_only=True)
class Owner:
    """The VPC's owner, and the stage in another account."""

    deployment: Deployment
    vpc: str
    subnets: list[str]
    tables: list[str]
    model: str
    output: str
    said: dict[str, str] = field(default_factory=dict)
    """What the deployments printed."""

    def client(self, service: Any) -> Any:  # noqa: ANN401 # any of boto3's
        return _client(self.deployment.sandbox, service)

    def share(self) -> None:
        region = self.deployment.sandbox.region
        self.client("ram").create_resource_share(
            name="subnets",
            resourceArns=[f"arn:aws:ec2:{region}:{OWNER}:subnet/{one}" for one in self.subnets],
            principals=[self.deployment.sandbox.account_id],
        )

    def deploy(self) -> str:
        network = {"vpc_id": self.vpc, "subnet_ids": self.subnets}
        done = self.deployment.call(
            *(CDK, "deploy", "--require-approval", "never", "--output", self.output),
            *("--app", f"{sys.executable} -m tests.tfbatch_cdk.security.company_app"),
            **{NETWORK: json.dumps(network), MODEL: self.model},
        )
        return done.stdout + done.stderr

    def provide(self, *services: str, without: str = "") -> None:
        """Have the endpoints of these services, and no others.

        Args:
            services: such as ``s3``; each has the guide's policy.
            without: an action whose statement the policy of S3 lacks.
        """
        ec2 = self.client("ec2")
        former = ec2.describe_vpc_endpoints()["VpcEndpoints"]
        ec2.delete_vpc_endpoints(VpcEndpointIds=[one["VpcEndpointId"] for one in former])
        policies = _shown("interface-endpoint-policies") | {"s3": self._s3_statements(without)}
        for service in services:
            gateway = {"RouteTableIds": self.tables}
            interface = {
                "VpcEndpointType": "Interface",
                "SubnetIds": self.subnets,
                "PrivateDnsEnabled": True,
            }
            ec2.create_vpc_endpoint(
                VpcId=self.vpc,
                ServiceName=f"com.amazonaws.{self.deployment.sandbox.region}.{service}",
                PolicyDocument=_document(policies[service]),
                **(gateway if service == "s3" else interface),
            )

    def _s3_statements(self, without: str) -> list[dict[str, Any]]:
        deployed = Deployment.of(self.deployment.sandbox, stacks=STACK)
        names = [one["Name"] for one in deployed.client("s3").list_buckets()["Buckets"]]
        ours = [f"arn:aws:s3:::{name}" for name in names if name.startswith(f"{STACK}-")]
        statements = _shown("endpoint-policy")
        for one in statements:
            if isinstance(one["Resource"], list):
                one["Resource"] = [
                    resource.replace(BUCKET, bucket)
                    for resource in one["Resource"]
                    for bucket in (ours if BUCKET in resource else [""])
                ]
        return [one for one in statements if not without or without not in one["Action"]]

    def run(self) -> dict[str, Any]:
        deployed = Deployment.of(self.deployment.sandbox, stacks=STACK)
        return deployed.execute({"input": deployed.upload("photos", photos(2)), "format": "jpeg"})


def _client(sandbox: Sandbox, service: Any) -> Any:  # noqa: ANN401 # any of boto3's
    return boto3.client(
        service,
        endpoint_url=sandbox.endpoint_url,
        region_name=sandbox.region,
        aws_access_key_id=OWNER,
        aws_secret_access_key="any",  # noqa: S106 # pragma: allowlist secret
    )


def _document(statements: list[dict[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


@pytest.fixture(scope="module")
def owner(saved_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Owner]:
    state = tmp_path_factory.mktemp("shared-vpc")
    with Sandbox.start(state_dir=state / "sandbox") as sandbox:
        bare = Deployment(sandbox=sandbox, outputs={})
        bare.bootstrap()
        ec2 = _client(sandbox, "ec2")
        vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
        subnets, tables = [], []
        for block in ("10.9.0.0/24", "10.9.1.0/24"):
            subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=block)["Subnet"]["SubnetId"]
            table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
            ec2.associate_route_table(SubnetId=subnet, RouteTableId=table)
            subnets.append(subnet)
            tables.append(table)
        owner = Owner(
            deployment=bare,
            vpc=vpc,
            subnets=subnets,
            tables=tables,
            model=str(saved_models / "image"),
            output=str(state / "cdk.out"),
        )
        owner.said["unshared"] = owner.deploy()
        owner.share()
        owner.said["shared"] = owner.deploy()
        yield owner


def test_without_a_share_nothing_is_deployed(owner: Owner) -> None:
    assert f"{owner.vpc} does not exist" in owner.said["unshared"], owner.said["unshared"]
    assert "✅" in owner.said["shared"], owner.said["shared"]


def test_a_participant_creates_no_endpoints(owner: Owner) -> None:
    participant = owner.deployment.client("ec2")
    with pytest.raises(ClientError, match="This operation does not support shared VPCs"):
        participant.create_vpc_endpoint(
            VpcId=owner.vpc,
            ServiceName=f"com.amazonaws.{owner.deployment.sandbox.region}.s3",
        )


@pytest.mark.parametrize("provided", [(), ("logs", "sagemaker.api")])
def test_without_the_owners_endpoint_of_s3_a_run_fails(
    owner: Owner, provided: tuple[str, ...]
) -> None:
    owner.provide(*provided)
    ended = owner.run()
    assert ended["status"] == "FAILED"
    assert "Connection was closed before we received a valid response" in ended["cause"]


@pytest.mark.parametrize("without", ["s3:GetObject", "s3:ListBucket"])
def test_without_a_statement_of_the_guide_a_run_is_denied(owner: Owner, without: str) -> None:
    owner.provide(*ENDPOINTS, without=without)
    ended = owner.run()
    assert ended["status"] == "FAILED"
    # Which request comes first depends on what former runs left. S3's answer to HEAD has no reason.
    reason = f"no VPC endpoint policy allows the {without} action"
    assert reason in ended["cause"] or "(403) when calling the HeadObject" in ended["cause"]


def test_with_the_statements_of_the_guide_a_stage_runs(owner: Owner) -> None:
    owner.provide(*ENDPOINTS)
    assert summary_of(owner.run())["outputs"] == 2
