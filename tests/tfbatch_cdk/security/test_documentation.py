"""Tests that the security documents match the code."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from tests.paths import REPOSITORY

if TYPE_CHECKING:
    from tests.tfbatch_cdk.conftest import Assembly

TESTS = REPOSITORY / "tests"
SECURITY = (REPOSITORY / "docs" / "security.md").read_text()
SERVICES = {"Scheduler": "scheduler", "CloudWatch": "cloudwatch", "StepFunctions": "states"}


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
