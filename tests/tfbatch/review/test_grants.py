"""Permissions compared as sets: what covers what, and what counts as more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tfbatch.review.compare.identity import pair
from tfbatch.review.compare.permissions.findings import findings
from tfbatch.review.compare.permissions.grant import Grant, Scope
from tfbatch.review.compare.permissions.statements import breadth, grants_of
from tfbatch.review.sides.assembly import Stage, stage_of
from tfbatch.review.sides.stacks import Stack


def grant(
    action: str,
    resource: str = "arn:aws:s3:::b/*",
    *,
    held: tuple[str, ...] = (),
    principal: str = "role R",
    deny: bool = False,
) -> Grant:
    conditions = frozenset(("StringEquals", key, ("v",)) for key in held)
    return Grant(
        principal=Scope(pattern=principal),
        action=Scope(pattern=action.lower()),
        resource=Scope(pattern=resource),
        conditions=conditions,
        deny=deny,
    )


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        (grant("s3:*"), grant("s3:GetObject")),
        (grant("*"), grant("s3:*")),
        (grant("s3:Get*"), grant("s3:GetObject")),
        (grant("S3:getobject"), grant("s3:GetObject")),
        (grant("s3:GetObject", "*"), grant("s3:GetObject")),
        (grant("s3:GetObject"), grant("s3:GetObject", "arn:aws:s3:::b/photos/*")),
        (grant("s3:GetObject"), grant("s3:GetObject", held=("aws:SourceAccount",))),
        (grant("s3:GetObject", principal="anyone"), grant("s3:GetObject")),
    ],
)
def test_a_wider_grant_covers_a_narrower_one_and_not_the_reverse(
    wide: Grant, narrow: Grant
) -> None:
    assert wide.covers(narrow)
    assert wide == narrow or not narrow.covers(wide)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (grant("s3:Get*"), grant("s3:PutObject")),
        (grant("s3:GetObject", held=("a",)), grant("s3:GetObject", held=("b",))),
        (grant("s3:GetObject", "arn:aws:s3:::a.b/*"), grant("s3:GetObject", "arn:aws:s3:::aXb/*")),
        (grant("s3:*", deny=True), grant("s3:GetObject")),
        (grant("s3:*", principal="role Q"), grant("s3:GetObject")),
    ],
)
def test_grants_of_different_things_cover_neither(one: Grant, other: Grant) -> None:
    assert not one.covers(other)
    assert not other.covers(one)


def test_a_wildcard_is_counted_in_actions() -> None:
    assert (breadth("s3:*") or 0) > 100
    assert breadth("s3:GetObject") == 1
    assert breadth("nosuchservice:*") is None


def stage(*statements: dict[str, Any]) -> Stage:
    """One role with one policy."""
    policy = {"Roles": [{"Ref": "R"}], "PolicyDocument": {"Statement": list(statements)}}
    return stage_with(R=("Role", {}), P=("Policy", policy))


def stage_with(**resources: tuple[str, dict[str, Any]]) -> Stage:
    """A stage of IAM resources by their logical ids."""
    template = {
        "Resources": {
            name: {
                "Type": f"AWS::IAM::{kind}",
                "Properties": properties,
                "Metadata": {"aws:cdk:path": f"s/{name}"},
            }
            for name, (kind, properties) in resources.items()
        }
    }
    return stage_of("dev", {"s": Stack(deployed_name="s", template=template, folder=Path())})


def rules(base: Stage, head: Stage) -> list[str]:
    return [finding.rule for finding in findings(pair(base, head))]


def allow(action: str | list[str], resource: str | list[str] = "*") -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def test_a_list_taken_apart_and_a_wildcard_narrowed_are_no_more_than_before() -> None:
    base = stage(allow(["s3:Get*", "s3:PutObject"], ["a", "b"]))
    head = stage(allow("s3:GetObject", "a"), allow("s3:PutObject", ["b", "a"]))
    assert rules(base, base) == []
    assert rules(base, head) == ["permissions-narrowed"]
    assert rules(head, base) == ["permissions-broadened"]


def test_an_action_that_is_refused_no_longer_is_broader() -> None:
    denial = {"Effect": "Deny", "Action": "s3:DeleteObject", "Resource": "*"}
    assert rules(stage(allow("s3:*"), denial), stage(allow("s3:*"))) == ["denial-dropped"]
    assert rules(stage(allow("s3:*")), stage(allow("s3:*"), denial)) == ["permissions-narrowed"]


def test_all_but_some_actions_is_kept_apart() -> None:
    most = {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}
    assert rules(stage(allow("s3:*")), stage(allow("s3:*"), most)) == ["permissions-broadened"]
    assert rules(stage(most), stage(most)) == []


def test_a_policy_belongs_to_the_role_it_is_attached_to() -> None:
    assert {str(one.principal) for one in grants_of(stage(allow("s3:*")))} == {"role R"}


def bucket_read_by_anyone(condition: dict[str, dict[str, str]] | None) -> Stage:
    """A bucket with a policy for everyone, held by a condition; ``None``: without a policy."""
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:b"}
    policy = {
        "Type": "AWS::S3::BucketPolicy",
        "Properties": {
            "Bucket": {"Ref": "B"},
            "PolicyDocument": {"Statement": [statement | {"Condition": condition}]},
        },
    }
    resources = {"B": {"Type": "AWS::S3::Bucket"}} | ({"P": policy} if condition else {})
    template = {"Resources": resources}
    return stage_of("dev", {"s": Stack(deployed_name="s", template=template, folder=Path())})


@pytest.mark.parametrize(
    ("condition", "is_public"),
    [
        ({"StringEquals": {"aws:PrincipalAccount": "111122223333"}}, False),
        ({"StringLike": {"aws:PrincipalOrgID": "o-1234"}}, False),
        ({"StringNotEquals": {"aws:PrincipalAccount": "111122223333"}}, True),
        ({"StringLike": {"aws:PrincipalAccount": "*"}}, True),
        ({"StringEqualsIfExists": {"aws:PrincipalAccount": "111122223333"}}, True),
        ({"StringEquals": {"aws:Referer": "ours"}}, True),
    ],
)
def test_only_a_condition_that_names_the_accounts_keeps_the_public_out(
    condition: dict[str, dict[str, str]], *, is_public: bool
) -> None:
    found = rules(bucket_read_by_anyone(None), bucket_read_by_anyone(condition))
    assert ("public-access" in found) is is_public


def test_conditions_that_are_a_reference_are_kept_and_compared_whole() -> None:
    def conditions(block: object) -> set[Any]:
        statement = {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*", "Condition": block}
        policy = {
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {"PolicyDocument": {"Statement": [statement]}},
        }
        stack = Stack(deployed_name="s", template={"Resources": {"P": policy}}, folder=Path())
        return {one.conditions for one in grants_of(stage_of("dev", {"s": stack}))}

    for block in ({"Ref": "Held"}, {"StringEquals": {"Ref": "Held"}}, {"StringEquals": "x"}):
        (held,) = conditions(block)
        assert held
        assert conditions(block) == {held}
        assert conditions({}) != {held}
