"""What the command reads of a deployed stage, against what the stacks write."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import boto3

from stacks.stages import stage_named
from tests.tfbatch_cdk.conftest import synthesize
from tests.tfbatch_cdk.test_templates import definition
from tfbatch.aws.deployed_outputs import fixed_values, usd_per_hour
from tfbatch.doctor import zones
from tfbatch.doctor.deployment import changes
from tfbatch_cdk.settings import Compute, Network
from tfbatch_cdk.settings.prices import by_region
from tfbatch_cdk.workflow.stage_parameters import stage_parameters
from tfbatch_sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_prices_are_those_of_the_region_else_those_that_stand_in() -> None:
    stage = stage_named("dev")
    written = json.loads(
        json.dumps(stage_parameters(stage, output_bucket="b", key=None), default=str)
    )
    first = f"ml.{stage.compute.instance_types[0]}"
    for region in ("eu-west-1", "nowhere-1"):
        known = by_region(stage.compute, region=None)
        there = known.get(region, {}) or known["us-east-1"]
        definition = {"States": {"Read": {"Assign": {"stage": written | {"region": region}}}}}
        assert usd_per_hour(fixed_values(definition))[first] == there[first]["usd"]


def test_what_was_just_deployed_is_as_the_settings_say(tmp_path: Path) -> None:
    stage = stage_named("dev")
    template = json.dumps(definition(synthesize(tmp_path, stage)))
    key = "arn:aws:kms:eu-west-1:111122223333:key/1"
    fixed = fixed_values(json.loads(re.sub(r"\$\{[^}]*Key[^}]*\}", key, template)))
    assert changes(stage, fixed) == []
    other = replace(stage, compute=Compute(records_per_second=70))
    assert changes(other, fixed) == ["recordsPerSecond is not deployed yet"]


def test_the_zones_of_a_vpc_are_asked_of_ec2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compute = Compute(instance_types=("g4dn.xlarge",))
    with Sandbox.start(state_dir=tmp_path) as sandbox:
        for name, value in sandbox.environment.items():
            monkeypatch.setenv(name, value)
        found = list(zones.zones(boto3.Session(), Network(), compute))
    assert [check.name.split()[1] for check in found] == ["us-east-1a", "us-east-1b"]
    assert all(check.status in {"ok", "warning"} for check in found), found
