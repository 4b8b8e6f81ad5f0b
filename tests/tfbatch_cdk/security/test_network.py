"""Tests of the VPC: it reaches AWS services only."""

from __future__ import annotations

import ipaddress
import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from stacks.stages import stage_named
from tests.tfbatch_cdk.security.policies import text
from tfbatch_cdk.errors import SettingsError
from tfbatch_cdk.settings import Network, Protection

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.tfbatch_cdk.conftest import Assembly
    from tfbatch_cdk.settings import Stage


def test_there_is_no_way_to_the_internet(prod: Assembly) -> None:
    for kind in ("InternetGateway", "NatGateway", "Route", "EIP", "EgressOnlyInternetGateway"):
        assert not prod.of_type(f"AWS::EC2::{kind}")
    subnets = prod.of_type("AWS::EC2::Subnet").values()
    assert {one["Properties"]["MapPublicIpOnLaunch"] for one in subnets} == {False}


@pytest.mark.aws
def test_the_subnets_are_in_the_zones_of_the_settings(synth: Callable[[Stage], Assembly]) -> None:
    zones = ("use1-az1", "us-east-1c", "use1-az6")
    network = Network(cidr="10.0.0.0/22", zones=zones)
    assembly = synth(replace(stage_named("prod"), protection=Protection(network=network)))
    subnets = [one["Properties"] for one in assembly.of_type("AWS::EC2::Subnet").values()]
    found = [one.get("AvailabilityZoneId", one.get("AvailabilityZone")) for one in subnets]
    assert found == list(zones)
    assert ["AvailabilityZoneId" in one for one in subnets] == [True, False, True]
    blocks = [ipaddress.IPv4Network(one["CidrBlock"]) for one in subnets]
    whole = ipaddress.IPv4Network(network.cidr)
    assert all(block.subnet_of(whole) for block in blocks)
    assert not any(a.overlaps(b) for a, b in itertools.combinations(blocks, 2))
    assert len(assembly.one("AWS::SageMaker::Model")["VpcConfig"]["Subnets"]) == 3


def test_jobs_and_functions_are_in_the_vpc_and_jobs_without_network(prod: Assembly) -> None:
    model = prod.one("AWS::SageMaker::Model")
    assert model["EnableNetworkIsolation"] is True
    assert len(model["VpcConfig"]["Subnets"]) == 2
    for function in prod.of_type("AWS::Lambda::Function").values():
        assert function["Properties"]["VpcConfig"]["SubnetIds"] == model["VpcConfig"]["Subnets"]


def test_nothing_comes_in_but_from_a_jobs_own_instances_and_to_endpoints(prod: Assembly) -> None:
    groups = prod.of_type("AWS::EC2::SecurityGroup")
    (endpoints,) = (one for name, one in groups.items() if "Endpoints" in name)
    for one in groups.values():
        ingress = one["Properties"].get("SecurityGroupIngress", [])
        assert bool(ingress) is (one is endpoints)
        assert not [rule for rule in ingress if "CidrIp" in rule]
    for rule in prod.of_type("AWS::EC2::SecurityGroupIngress").values():
        source = rule["Properties"]["SourceSecurityGroupId"]
        assert source == rule["Properties"]["GroupId"]
        assert "JobsGroup" in text(source)


def test_s3_is_reached_for_the_stages_buckets_alone(prod: Assembly) -> None:
    (s3,) = (
        one["Properties"]
        for one in prod.of_type("AWS::EC2::VPCEndpoint").values()
        if one["Properties"]["VpcEndpointType"] == "Gateway"
    )
    objects, buckets, layers = s3["PolicyDocument"]["Statement"]
    for statement in (objects, buckets):
        assert "aws:PrincipalAccount" in text(statement["Condition"])
        assert all(name in text(statement) for name in ("Input", "Output", "Work", "cdk-hnb659fds"))
    assert "starport-layer-bucket" in text(layers["Resource"])
    assert layers["Action"] == "s3:GetObject"


def test_every_endpoint_says_who_may_do_what(prod: Assembly) -> None:
    endpoints = prod.of_type("AWS::EC2::VPCEndpoint").values()
    assert len(endpoints) == 5
    for one in endpoints:
        for statement in one["Properties"]["PolicyDocument"]["Statement"]:
            assert "*" not in text(statement["Action"])


def test_a_vpc_that_is_there_gets_nothing_but_security_groups(
    synth: Callable[[Stage], Assembly],
) -> None:
    network = Network(vpc_id="vpc-0a1b2c3d", subnet_ids=("subnet-0a1b2c3d", "subnet-1a2b3c4d"))
    stage = replace(stage_named("prod"), protection=Protection(network=network))
    assembly = synth(stage)
    made = {
        one["Type"]
        for one in assembly.inference["Resources"].values()
        if one["Type"].startswith("AWS::EC2::")
    }
    assert made == {
        "AWS::EC2::SecurityGroup",
        "AWS::EC2::SecurityGroupEgress",
        "AWS::EC2::SecurityGroupIngress",
    }
    assert assembly.one("AWS::SageMaker::Model")["VpcConfig"]["Subnets"] == list(network.subnet_ids)


@pytest.mark.aws
@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"cidr": "10.0.0.0/28"}, r"Network\.cidr = '10\.0\.0\.0/28': use /16 to /24"),
        ({"cidr": "ten"}, r"Network\.cidr = 'ten'"),
        ({"zones": ("here",)}, r"Network\.zones = \('here',\): use up to 4 different zones"),
        ({"zones": ("use1-az1",) * 2}, r"Network\.zones"),
        ({"vpc_id": "vpc-1"}, r"Network\.subnet_ids = \(\): name the private subnets"),
        ({"interface_endpoints": ("logs",)}, r"add 'sagemaker\.api': the function that stops jobs"),
        ({"interface_endpoints": ("sagemaker.api",)}, r"add 'logs': the function that looks up"),
    ],
)
def test_a_network_that_can_not_work_is_refused(wrong: dict[str, str], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        Network(**wrong)  # type: ignore[arg-type]
