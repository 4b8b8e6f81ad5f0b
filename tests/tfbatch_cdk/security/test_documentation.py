"""Tests that the security documents match the code."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any

from aws_cdk import App, Environment, Stack
from aws_cdk import aws_iam as iam

from tests.paths import REPOSITORY
from tests.tfbatch_cdk.security.policies import actions, statements
from tfbatch_cdk.storage.key import uses

if TYPE_CHECKING:
    from tests.tfbatch_cdk.conftest import Assembly

TESTS = REPOSITORY / "tests"
SECURITY = (REPOSITORY / "docs" / "security.md").read_text()
OPERATIONS = REPOSITORY / "docs" / "operations.md"
SERVICES = {"Scheduler": "scheduler", "CloudWatch": "cloudwatch", "StepFunctions": "states"}


def _shown(part: str, document: object) -> None:
    """Compare a JSON block of the operations guide with what the code makes."""
    begin, end = f"<!-- {part} -->\n", f"<!-- /{part} -->"
    before, _, rest = OPERATIONS.read_text().partition(begin)
    shown, _, after = rest.partition(end)
    wanted = f"```json\n{json.dumps(document, indent=1)}\n```\n\n"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        OPERATIONS.write_text(before + begin + wanted + end + after)
        shown = wanted
    assert shown == wanted


def test_the_owner_of_a_key_sees_what_to_add() -> None:
    stack = Stack(App(), "STACK", env=Environment(account="111122223333", region="eu-west-1"))
    policy = iam.PolicyDocument(statements=uses(stack, stage="STAGE"))
    text = json.dumps(stack.resolve(policy)["Statement"])
    for name, value in {"AWS::Partition": "aws", "AWS::AccountId": "111122223333"}.items():
        text = text.replace(json.dumps({"Ref": name}), json.dumps(value))
    text = text.replace(json.dumps({"Ref": "AWS::URLSuffix"}), json.dumps("amazonaws.com"))
    _shown("key-policy", _joined(json.loads(text)))


def test_the_owner_of_a_vpc_sees_what_to_allow(prod: Assembly) -> None:
    objects, lists, layers = _endpoint_policies(prod)["s3"]
    buckets = [
        "arn:aws:s3:::BUCKET-OF-THE-STAGE",
        "arn:aws:s3:::cdk-hnb659fds-assets-111122223333-eu-west-1",
    ]
    resources = (
        [f"{one}/*" for one in buckets],
        buckets,
        "arn:aws:s3:::prod-eu-west-1-starport-layer-bucket/*",
    )
    shown = [
        one | {"Resource": resource}
        for one, resource in zip((objects, lists, layers), resources, strict=True)
    ]
    _shown("endpoint-policy", shown)


def test_the_owner_of_a_vpc_sees_what_interface_endpoints_must_allow(prod: Assembly) -> None:
    policies = _endpoint_policies(prod)
    del policies["s3"]
    _shown("interface-endpoint-policies", policies)


def _endpoint_policies(prod: Assembly) -> dict[str, list[dict[str, Any]]]:
    """The statements of the VPC endpoints, by service, for the guide's account."""
    found = {}
    for one in prod.of_type("AWS::EC2::VPCEndpoint").values():
        properties = one["Properties"]
        _, after_region = properties["ServiceName"]["Fn::Join"][1][-2:]
        text = json.dumps(properties["PolicyDocument"]["Statement"])
        text = text.replace(json.dumps({"Ref": "AWS::AccountId"}), json.dumps("111122223333"))
        found[after_region.removeprefix(".")] = [
            {key: statement[key] for key in sorted(statement)}
            | {"Principal": "*"}  # the CDK writes {"AWS": "*"}, which is the same
            for statement in json.loads(text)
        ]
    return found


def test_who_writes_a_boundary_sees_what_it_must_allow(prod: Assembly) -> None:
    found = {
        action
        for statement in statements(prod)
        if statement["Effect"] == "Allow"
        for action in actions(statement)
    }
    _shown("boundary", {"Effect": "Allow", "Action": sorted(found), "Resource": "*"})


def _joined(value: Any) -> Any:  # noqa: ANN401 # a template's node
    if isinstance(value, dict):
        if "Fn::Join" in value:
            separator, parts = value["Fn::Join"]
            return str(separator).join(parts)
        return {name: _joined(item) for name, item in value.items()}
    return [_joined(item) for item in value] if isinstance(value, list) else value


def test_every_control_names_a_test_that_is_there() -> None:
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", SECURITY)
    rows = [line for line in SECURITY.splitlines() if line.startswith("| ")]
    assert len(named) == len(rows) - 2  # header and separator
    for file, test in named:
        assert f"\ndef {test}(" in (TESTS / file).read_text(), f"{file}::{test}"


def test_the_deployments_policy_covers_every_service_of_the_templates(prod: Assembly) -> None:
    policy = json.loads((REPOSITORY / "docs" / "cloudformation-policy.json").read_text())
    granted = {action.partition(":")[0] for one in policy["Statement"] for action in one["Action"]}
    resources = prod.data["Resources"] | prod.inference["Resources"]
    services = {one["Type"].split("::")[1] for one in resources.values()} - {"CDK"}
    assert {SERVICES.get(name, name.lower()) for name in services} <= granted
    assert not [one for one in policy["Statement"] if "*" in one["Action"]]
