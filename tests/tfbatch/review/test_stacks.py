"""Stacks that are new, renamed, left behind or moved elsewhere, and stacks inside of stacks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tfbatch.review.finding import Severity
from tfbatch.review.review import Review, compare
from tfbatch.review.sides.assembly import stage_of
from tfbatch.review.sides.stacks import NESTED, Stack

BUCKET = {"Type": "AWS::S3::Bucket", "Metadata": {"aws:cdk:path": "s/Bucket/Resource"}}
TABLE = {"Type": "AWS::DynamoDB::Table", "Metadata": {"aws:cdk:path": "s/Table/Resource"}}


def stack(name: str, *, parent: str = "", region: str = "eu-west-1", **resources: Any) -> Stack:  # noqa: ANN401
    return Stack(
        deployed_name=name,
        template={"Resources": resources},
        folder=Path(),
        parent=parent,
        settings={"environment": f"aws://111122223333/{region}"},
    )


def review(base: list[Stack], head: list[Stack]) -> Review:
    sides = [
        [stage_of("dev", {one.deployed_name: one for one in stacks})] for stacks in (base, head)
    ]
    return compare(base=sides[0], head=sides[1], base_name="base", head_name="head")


def rules(found: Review) -> set[str]:
    return {finding.rule for finding in found.findings}


def test_a_renamed_stack_is_a_second_one_and_the_old_one_stays() -> None:
    found = review([stack("data", Bucket=BUCKET)], [stack("storage", Bucket=BUCKET)])
    assert {"stack-added", "stack-left"} <= rules(found)
    assert found.severity is Severity.ATTENTION
    assert "stateful-removed" not in rules(found)
    (left,) = [one for one in found.findings if one.rule == "stack-left"]
    assert "it stays deployed" in left.title
    assert "Its 1 resources go on, and go on costing" in left.why


def test_a_stack_that_left_the_app_deletes_nothing() -> None:
    both = [stack("data", Bucket=BUCKET), stack("other", Table=TABLE)]
    found = review(both, both[:1])
    assert rules(found) == {"stack-left"}


def test_in_another_region_all_is_made_anew_and_the_old_one_stays() -> None:
    found = review(
        [stack("data", Bucket=BUCKET)], [stack("data", region="us-east-1", Bucket=BUCKET)]
    )
    assert "stack-elsewhere" in rules(found)
    (moved,) = [one for one in found.findings if one.rule == "stack-elsewhere"]
    assert moved.rows == (
        ("environment", "aws://111122223333/eu-west-1", "aws://111122223333/us-east-1"),
    )
    assert not any(rule.startswith("stateful") for rule in rules(found))


def nested(**resources: Any) -> list[Stack]:  # noqa: ANN401 # a template's resources
    inner = {"Type": NESTED, "Properties": {"TemplateURL": f"https://x/{len(resources)}"}}
    parent = stack("data", Inner=inner)
    return [parent, stack("data/Inner", parent="data", **resources)]


def test_a_nested_stack_is_compared_itself() -> None:
    found = review(nested(Bucket=BUCKET, Table=TABLE), nested(Bucket=BUCKET))
    assert "stateful-removed" in rules(found)
    assert found.severity is Severity.DESTRUCTIVE
    assert "nested-template" in rules(found)


def test_a_nested_stack_that_is_removed_takes_its_data_along() -> None:
    base = nested(Table=TABLE)
    found = review(base, [stack("data")])
    assert found.severity is Severity.DESTRUCTIVE
    assert "stateful-removed" in rules(found)
