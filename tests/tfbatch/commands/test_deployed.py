"""What the command reads of a deployed stage, against what the stacks write."""

from __future__ import annotations

import json

from stacks.stages import stage_named
from tfbatch.aws.deployed_outputs import fixed_values, usd_per_hour
from tfbatch_cdk.settings.prices import by_region
from tfbatch_cdk.workflow.stage_parameters import stage_parameters


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
