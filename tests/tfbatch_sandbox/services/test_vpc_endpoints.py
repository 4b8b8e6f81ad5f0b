"""A function in a VPC reaches what has an endpoint there whose policy allows the call."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.tfbatch_sandbox.roles import allow, document, make_role

if TYPE_CHECKING:
    import boto3

    from tfbatch_sandbox.sandbox import Sandbox
    from tfbatch_sandbox.services.json_type import Json

BUCKET, OTHER = "reached-through-a-vpc", "not-reached-through-a-vpc"
CODE = """
import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError

def handler(event, context):
    once = Config(retries={"total_max_attempts": 1})
    client = boto3.client(event["service"], config=once)
    try:
        getattr(client, event["method"])(**event["arguments"])
    except ClientError as error:
        return str(error)
    except HTTPClientError as error:
        return "no answer"
    return "answered"
"""
PUT = {"service": "s3", "method": "put_object"}
LOG = {"service": "logs", "method": "create_log_group", "arguments": {"logGroupName": "/in-vpc"}}
METRIC = {
    "service": "cloudwatch",
    "method": "put_metric_data",
    "arguments": {"Namespace": "n", "MetricData": [{"MetricName": "m", "Value": 1}]},
}


def _put(bucket: str) -> dict[str, Any]:
    return PUT | {"arguments": {"Bucket": bucket, "Key": "k", "Body": "b"}}


@dataclass(frozen=True)
class Vpc:
    """A VPC with two subnets and their route tables, and functions in it."""

    session: boto3.Session
    sandbox: Sandbox
    name: str

    def client(self, service: Any) -> Any:  # noqa: ANN401 # any of boto3's
        return self.session.client(service, endpoint_url=self.sandbox.endpoint_url)

    def make(self) -> tuple[str, list[str], list[str]]:
        """Its id, those of the subnets and of the route tables."""
        ec2 = self.client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
        subnets, tables = [], []
        for number in (0, 1):
            block = f"10.9.{number}.0/24"
            subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=block)["Subnet"]["SubnetId"]
            table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
            ec2.associate_route_table(SubnetId=subnet, RouteTableId=table)
            subnets.append(subnet)
            tables.append(table)
        return vpc, subnets, tables

    def function(self, subnets: list[str]) -> None:
        """A function in the subnets whose role allows everything."""
        service = {"Service": "lambda.amazonaws.com"}
        role = make_role(self.client("iam"), self.name, service, allow("*", on="*"))
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("index.py", CODE)
        self.client("lambda").create_function(
            FunctionName=self.name,
            Role=role,
            Runtime="python3.13",
            Handler="index.handler",
            Timeout=60,
            Code={"ZipFile": packed.getvalue()},
            VpcConfig={"SubnetIds": subnets, "SecurityGroupIds": []},
        )

    def call(self, event: Json) -> str:
        """What a call of the function comes to."""
        answer = self.client("lambda").invoke(FunctionName=self.name, Payload=json.dumps(event))
        return str(json.load(answer["Payload"]))

    def endpoint(self, vpc: str, service: str, **more: Json) -> None:
        name = f"com.amazonaws.{self.sandbox.region}.{service}"
        self.client("ec2").create_vpc_endpoint(VpcId=vpc, ServiceName=name, **more)


@pytest.fixture
def vpc(session: boto3.Session, sandbox: Sandbox, request: pytest.FixtureRequest) -> Vpc:
    made = Vpc(session, sandbox, f"in-vpc-{abs(hash(request.node.name))}")
    for bucket in (BUCKET, OTHER):
        made.client("s3").create_bucket(Bucket=bucket)
    return made


def test_without_an_endpoint_nothing_answers(vpc: Vpc) -> None:
    _, subnets, _ = vpc.make()
    vpc.function(subnets)
    for event in (_put(BUCKET), LOG, METRIC):
        assert vpc.call(event) == "no answer"


def test_s3_answers_for_what_the_gateway_endpoint_allows(vpc: Vpc) -> None:
    of, subnets, tables = vpc.make()
    policy = document({**allow("s3:PutObject", on=f"arn:aws:s3:::{BUCKET}/*"), "Principal": "*"})
    vpc.endpoint(of, "s3", RouteTableIds=tables, PolicyDocument=policy)
    vpc.function(subnets)
    assert vpc.call(_put(BUCKET)) == "answered"
    refused = vpc.call(_put(OTHER))
    assert "because no VPC endpoint policy allows the s3:PutObject action" in refused
    assert vpc.call(LOG) == "no answer"


def test_a_gateway_endpoint_must_be_in_the_route_table_of_each_subnet(vpc: Vpc) -> None:
    of, subnets, tables = vpc.make()
    vpc.endpoint(of, "s3", RouteTableIds=tables[:1])
    vpc.function(subnets)
    assert vpc.call(_put(BUCKET)) == "no answer"


def test_an_interface_endpoint_answers_by_its_private_name_and_its_policy(vpc: Vpc) -> None:
    of, subnets, _ = vpc.make()
    interface: Json = {"VpcEndpointType": "Interface", "SubnetIds": subnets}
    deny = {**allow("cloudwatch:*", on="*"), "Principal": "*", "Effect": "Deny"}
    everything = {**allow("*", on="*"), "Principal": "*"}
    policy = document(everything, deny)
    vpc.endpoint(of, "logs", PrivateDnsEnabled=False, **interface)
    vpc.endpoint(of, "monitoring", PrivateDnsEnabled=True, PolicyDocument=policy, **interface)
    vpc.function(subnets)
    assert vpc.call(LOG) == "no answer"
    assert "with an explicit deny in a VPC endpoint policy" in vpc.call(METRIC)


def test_a_route_to_the_internet_leads_everywhere(vpc: Vpc) -> None:
    of, subnets, tables = vpc.make()
    ec2 = vpc.client("ec2")
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=of)
    for table in tables:
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    vpc.function(subnets)
    assert [vpc.call(event) for event in (_put(BUCKET), METRIC)] == ["answered"] * 2


def test_a_deleted_endpoint_leads_nowhere(vpc: Vpc) -> None:
    of, subnets, tables = vpc.make()
    vpc.endpoint(of, "s3", RouteTableIds=tables)
    vpc.endpoint(of, "monitoring", VpcEndpointType="Interface", SubnetIds=subnets)
    vpc.function(subnets)
    ec2 = vpc.client("ec2")
    made = [one["VpcEndpointId"] for one in ec2.describe_vpc_endpoints()["VpcEndpoints"]]
    assert [vpc.call(event) for event in (_put(BUCKET), METRIC)] == ["answered"] * 2
    ec2.delete_vpc_endpoints(VpcEndpointIds=made)
    assert [vpc.call(event) for event in (_put(BUCKET), METRIC)] == ["no answer"] * 2
