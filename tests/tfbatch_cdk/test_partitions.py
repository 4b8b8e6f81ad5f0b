"""What differs between AWS's partitions is right in each: names, principals, ARNs, registries."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from aws_cdk import App, Environment, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk.region_info import RegionInfo

from stacks.stages import stage_named
from tests.tfbatch_cdk.conftest import Assembly, synthesize
from tfbatch_cdk.model.image import REGISTRY_ACCOUNTS

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.aws

ENDPOINTS = {
    # Source: AWS PrivateLink guide for China, "AWS services that integrate", and the CDK's table.
    "cn-north-1": ("cn.com.amazonaws", "cn.com.amazonaws", "com.amazonaws", "cn.com.amazonaws"),
    "us-gov-west-1": ("com.amazonaws",) * 4,
    "us-iso-east-1": ("gov.ic.c2s", "gov.ic.c2s", "com.amazonaws", "gov.ic.c2s"),
}
"""How the names of the endpoint services begin: ecr.api, ecr.dkr, logs, sagemaker.api."""
SERVICES = ("ecr.api", "ecr.dkr", "logs", "sagemaker.api")


@pytest.fixture(scope="module", params=list(ENDPOINTS))
def region(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def fixed(region: str, tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """prod in a fixed region."""
    stage = replace(stage_named("prod"), region=region, account="111122223333")
    return synthesize(tmp_path_factory.mktemp(region), stage)


def _endpoints(assembly: Assembly) -> list[Any]:
    return [
        one["Properties"]["ServiceName"]
        for one in assembly.of_type("AWS::EC2::VPCEndpoint").values()
        if one["Properties"]["VpcEndpointType"] == "Interface"
    ]


def test_endpoint_services_have_the_partitions_names(fixed: Assembly, region: str) -> None:
    expected = zip(ENDPOINTS[region], SERVICES, strict=True)
    assert _endpoints(fixed) == [f"{prefix}.{region}.{name}" for prefix, name in expected]


def test_a_template_for_any_region_has_the_names_of_every_partition(
    prod: Assembly, region: str
) -> None:
    (names,) = (
        table for key, table in prod.inference["Mappings"].items() if "EndpointServices" in key
    )
    row = names[str(RegionInfo.get(region).partition)]
    found = [row[service.replace(".", "")] for service in SERVICES]
    assert found == list(ENDPOINTS[region])
    for name, service in zip(_endpoints(prod), SERVICES, strict=True):
        lookup, *rest = name["Fn::Join"][1]
        assert lookup["Fn::FindInMap"][1:] == [{"Ref": "AWS::Partition"}, service.replace(".", "")]
        assert rest == [".", {"Ref": "AWS::Region"}, f".{service}"]


def test_the_regions_of_a_partition_have_the_same_names() -> None:
    app, seen = App(), dict[tuple[str, str], str]()
    for info in map(RegionInfo.get, REGISTRY_ACCOUNTS):
        stack = Stack(app, info.name, env=Environment(region=info.name))
        for service in SERVICES:
            name = stack.resolve(ec2.InterfaceVpcEndpointAwsService(service).name)
            prefix = name.removesuffix(f".{info.name}.{service}")
            assert seen.setdefault((str(info.partition), service), prefix) == prefix, info.name


def test_no_arn_and_no_host_name_is_of_the_standard_partition(fixed: Assembly, region: str) -> None:
    text = json.dumps([fixed.data, fixed.inference])
    assert "arn:aws:" not in text
    hosts = set(re.findall(r"[\w.-]*\.amazonaws\.com[\w.]*", text))
    assert hosts <= set(_principals(fixed)) | {""}, hosts
    account = REGISTRY_ACCOUNTS[region]
    image = fixed.one("AWS::SageMaker::Model")["PrimaryContainer"]["Image"]
    assert image == {
        "Fn::Join": [
            "",
            [
                f"{account}.dkr.ecr.{region}.",
                {"Ref": "AWS::URLSuffix"},
                image["Fn::Join"][1][2],
            ],
        ]
    }


def test_every_principal_is_one_of_the_partition(fixed: Assembly, region: str) -> None:
    for principal in _principals(fixed):
        service = principal.removesuffix(".amazonaws.com")
        assert principal == f"{service}.amazonaws.com", "only logs has one of its own by region"
        assert RegionInfo.get(region).service_principal(principal) in {principal, None}


def _principals(assembly: Assembly) -> list[str]:
    """The service principals of all policies; those with tokens are left out."""
    found = _find([assembly.data, assembly.inference], "Service")
    return [each for each in found if isinstance(each, str) and "amazonaws" in each]


def _find(value: Any, name: str) -> Iterator[Any]:  # noqa: ANN401 # a template's node
    if isinstance(value, dict):
        for key, item in value.items():
            if key == name:
                yield from item if isinstance(item, list) else [item]
            yield from _find(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from _find(item, name)
