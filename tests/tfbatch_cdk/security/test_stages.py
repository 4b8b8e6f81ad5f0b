"""Tests that stages, accounts and regions differ only by settings."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import TYPE_CHECKING

from stacks.stages import stage_named
from tests.tfbatch_cdk.security.policies import text
from tests.tfbatch_cdk.test_templates import definition
from tfbatch_cdk.security import nag_acknowledgements

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.tfbatch_cdk.conftest import Assembly
    from tfbatch_cdk.settings import Stage


def test_prod_by_another_name_is_prod_and_so_differs_from_dev_by_settings_alone(
    prod: Assembly, synth: Callable[[Stage], Assembly]
) -> None:
    twin = synth(replace(stage_named("prod"), name="twin"))
    for mine, other in ((prod.data, twin.data), (prod.inference, twin.inference)):
        layers = ":s3:::prod-"  # ECR's bucket of image layers
        named = text(mine).replace(layers, "").replace("prod", "twin")
        assert named == text(other).replace(layers, "")
    dev, different = stage_named("dev"), stage_named("prod")
    told = {
        one.name for one in fields(dev) if getattr(dev, one.name) != getattr(different, one.name)
    }
    assert told == {"name", "retain_data", "protection", "compute"}


def test_a_stage_of_another_account_and_region_is_the_same_code(
    synth: Callable[[Stage], Assembly],
) -> None:
    stage = replace(stage_named("prod"), account="111122223333", region="eu-west-1")
    assembly = synth(stage)
    manifest = json.loads((assembly.directory / "manifest.json").read_text())
    environments = {
        one["environment"]
        for one in manifest["artifacts"].values()
        if one["type"] == "aws:cloudformation:stack"
    }
    assert environments == {"aws://111122223333/eu-west-1"}
    assert "missing" not in manifest  # no look-ups that need credentials


def test_stacks_and_jobs_have_the_stages_cost_allocation_tags(
    synth: Callable[[Stage], Assembly],
) -> None:
    assembly = synth(replace(stage_named("dev"), tags={"cost-center": "4711"}))
    manifest = json.loads((assembly.directory / "manifest.json").read_text())
    for name in ("data", "inference"):
        tags = manifest["artifacts"][f"tfbatch-dev-{name}"]["properties"]["tags"]
        assert tags == {"cost-center": "4711", "tfbatch:stage": "dev"}
    fixed = definition(assembly)["States"]["Read the stage"]["Assign"]["stage"]
    assert {"Key": "cost-center", "Value": "4711"} in fixed["tags"]


def test_at_most_eight_findings_are_accepted_in_prod_each_with_a_reason() -> None:
    assert len(nag_acknowledgements.IN_PROD) <= 8
    assert len({one.because for one in nag_acknowledgements.IN_PROD}) == len(
        nag_acknowledgements.IN_PROD
    )
    assert all(len(one.because.split()) > 12 for one in nag_acknowledgements.IN_PROD)
