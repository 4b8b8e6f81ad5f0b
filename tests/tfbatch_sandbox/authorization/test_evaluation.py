"""Policies weighed as AWS weighs them: the rules of "Policy evaluation logic", one test each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tfbatch_sandbox.authorization.policy_language.conditions import PolicyError
from tfbatch_sandbox.authorization.policy_language.evaluation import (
    Decision,
    Policies,
    decide,
)
from tfbatch_sandbox.authorization.policy_language.policies import (
    Policy,
    Request,
    policy_of,
)
from tfbatch_sandbox.authorization.policy_language.principals import Principal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfbatch_sandbox.services.json_type import Json

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/worker"
SESSION = Principal(
    arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/one", account=ACCOUNT, role_arn=ROLE
)
OBJECT = "arn:aws:s3:::photos/a/b.jpg"
GET: Json = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::photos/*"}
NO_TLS: Json = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": "*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


def policy(*statements: Json, name: str = "own") -> Policy:
    return policy_of(name, json.dumps({"Version": "2012-10-17", "Statement": [*statements]}))


def ask(
    action: str = "s3:GetObject",
    resource: str = OBJECT,
    *,
    principal: Principal = SESSION,
    context: Mapping[str, tuple[str, ...]] | None = None,
    written: Policy | None = None,
    **policies: Json,
) -> Decision:
    """Args as of a request and of Policies; ``written`` is the resource's own."""
    request = Request(action=action, resource=resource, context=context or {})
    return decide(request, principal, Policies(resource=written, **policies))


def test_what_no_policy_allows_is_refused_in_awss_words() -> None:
    refused = ask(identity=[policy()])
    assert not refused.allowed
    assert refused.because == "because no identity-based policy allows the s3:GetObject action"


def test_an_allowed_request_says_which_statement_allowed_it() -> None:
    other: Json = GET | {"Action": "s3:PutObject"}
    assert ask(identity=[policy(other, GET, name="p")]).matched == (("p", 1),)


@pytest.mark.parametrize(
    ("pattern", "arn", "fits"),
    [
        ("arn:aws:s3:::photos/*", OBJECT, True),
        ("arn:aws:s3:::photos/?/b.jpg", OBJECT, True),
        ("arn:aws:s3:::Photos/*", OBJECT, False),
        ("arn:aws:s3:::photos", OBJECT, False),
        ("*", OBJECT, True),
        ("arn:aws:s3:::photos/[a]/*", OBJECT, False),
        ("arn:aws:sagemaker:*:*:job/x-*", "arn:aws:sagemaker:r:1:job/x-1:2", True),
        ("arn:aws:sns:*:topic", "arn:aws:sns:us-east-1:1:topic", False),  # * crosses no colon
    ],
)
def test_wildcards_of_resources_stay_in_their_part_of_the_arn(
    pattern: str, arn: str, *, fits: bool
) -> None:
    statement: Json = {"Effect": "Allow", "Action": "*", "Resource": pattern}
    assert ask(resource=arn, identity=[policy(statement)]).allowed is fits


def test_actions_know_no_case_and_have_wildcards() -> None:
    for action in ("S3:getobject", "s3:Get*", "s3:*", "*", "s3:?etObject"):
        assert ask(identity=[policy(GET | {"Action": action})]).allowed


def test_not_action_and_not_resource_mean_all_the_others() -> None:
    others: Json = {"Effect": "Allow", "NotAction": "iam:*", "NotResource": "arn:aws:s3:::photos/x"}
    assert ask(identity=[policy(others)]).allowed
    assert not ask(action="iam:GetRole", identity=[policy(others)]).allowed
    assert not ask(resource="arn:aws:s3:::photos/x", identity=[policy(others)]).allowed


def test_a_deny_wins_whoever_allows() -> None:
    deny: Json = {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}
    refused = ask(identity=[policy(GET), policy(deny)])
    assert refused.because == "with an explicit deny in an identity-based policy"


def test_a_buckets_deny_counts_only_under_its_condition() -> None:
    given: Json = {"identity": [policy(GET)], "written": policy(NO_TLS)}
    assert ask(context={"aws:securetransport": ("true",)}, **given).allowed
    refused = ask(context={"aws:securetransport": ("false",)}, **given)
    assert refused.because == "with an explicit deny in a resource-based policy"


def test_a_permissions_boundary_must_allow_too() -> None:
    boundary = policy(GET | {"Action": "s3:PutObject"})
    refused = ask(identity=[policy(GET)], boundary=boundary)
    assert refused.because == "because no permissions boundary allows the s3:GetObject action"
    assert ask(identity=[policy(GET)], boundary=policy(GET)).allowed


def test_a_sessions_policy_narrows_what_its_role_may() -> None:
    assert not ask(identity=[policy(GET)], session=policy()).allowed


@pytest.mark.parametrize(
    ("principal", "alone", "with_identity"),
    [
        ("*", True, True),
        ({"AWS": SESSION.arn}, True, True),
        ({"AWS": ROLE}, True, True),
        ({"AWS": ACCOUNT}, False, True),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, False, True),
        ({"AWS": "arn:aws:iam::999999999999:root"}, False, True),
        ({"Service": "events.amazonaws.com"}, False, True),
    ],
)
def test_a_resources_policy_allows_whom_it_names_and_leaves_an_account_to_its_policies(
    principal: Json, *, alone: bool, with_identity: bool
) -> None:
    resource = policy(GET | {"Principal": principal})
    assert ask(written=resource).allowed is alone
    assert ask(written=resource, identity=[policy(GET)]).allowed is with_identity


def test_a_keys_policy_and_a_roles_trust_must_allow_or_leave_it_to_the_account() -> None:
    decrypt: Json = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}
    mine = policy(decrypt)

    def asked(principal: Json, *identity: Policy) -> Decision:
        written = policy(decrypt | {"Principal": principal})
        return ask("kms:Decrypt", written=written, needs_resource=True, identity=identity)

    elsewhere = asked({"AWS": "999999999999"}, mine)
    assert elsewhere.because == "because no resource-based policy allows the kms:Decrypt action"
    assert asked({"AWS": ROLE}).allowed
    assert not asked({"AWS": ACCOUNT}).allowed
    assert asked({"AWS": ACCOUNT}, mine).allowed


def test_a_service_may_only_what_the_resource_lets_it_and_for_whom() -> None:
    events = Principal(arn="events.amazonaws.com", account=ACCOUNT)
    publish: Json = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": "*",
        "Condition": {"ArnLike": {"aws:SourceArn": f"arn:aws:events:*:{ACCOUNT}:rule/*"}},
    }

    def asked(rule: str) -> bool:
        context = {"aws:sourcearn": (rule,)}
        written = policy(publish)
        return ask("sns:Publish", principal=events, context=context, written=written).allowed

    assert asked(f"arn:aws:events:us-east-1:{ACCOUNT}:rule/mine")
    assert not asked("arn:aws:events:us-east-1:999999999999:rule/theirs")
    assert not ask("sns:Publish", principal=events).allowed


def test_not_principal_denies_everyone_else() -> None:
    deny: Json = GET | {"Effect": "Deny", "NotPrincipal": {"AWS": [ROLE, ACCOUNT]}}
    assert ask(identity=[policy(GET)], written=policy(deny)).allowed
    stranger = Principal(arn="arn:aws:iam::999999999999:user/x", account="999999999999")
    assert not ask(principal=stranger, identity=[policy(GET)], written=policy(deny)).allowed


@pytest.mark.parametrize(
    ("operator", "value", "given", "holds"),
    [
        ("StringEquals", "a", ("a",), True),
        ("StringEquals", ["a", "b"], ("b",), True),
        ("StringEquals", "a", (), False),
        ("StringEqualsIfExists", "a", (), True),
        ("StringEqualsIgnoreCase", "A", ("a",), True),
        ("StringNotEquals", ["a", "b"], ("b",), False),
        ("StringNotEquals", "a", (), True),
        ("StringLike", "/aws/sagemaker/*", ("/aws/sagemaker/TransformJobs",), True),
        ("StringNotLike", "x*", ("xy",), False),
        ("ForAllValues:StringEquals", ["a", "b"], ("a", "b"), True),
        ("ForAllValues:StringEquals", ["a"], ("a", "c"), False),
        ("ForAllValues:StringEquals", ["a"], (), True),
        ("ForAnyValue:StringEquals", ["a"], ("a", "c"), True),
        ("ForAnyValue:StringEquals", ["a"], (), False),
        ("ArnLike", "arn:aws:s3:::b*", ("arn:aws:s3:::bucket",), True),
        ("ArnNotEquals", "arn:aws:s3:::b", ("arn:aws:s3:::c",), True),
        ("Bool", True, ("true",), True),
        ("BoolIfExists", "false", (), True),
        ("Null", "true", (), True),
        ("Null", "false", ("x",), True),
        ("Null", "true", ("x",), False),
        ("NumericLessThanEquals", 5, ("5",), True),
        ("NumericGreaterThan", "5", ("5",), False),
        ("DateLessThan", "2030-01-01T00:00:00Z", ("2026-11-22T00:00:00+00:00",), True),
        ("IpAddress", "10.0.0.0/8", ("10.1.2.3",), True),
        ("NotIpAddress", "10.0.0.0/8", ("10.1.2.3",), False),
        ("BinaryEquals", "YQ==", ("YQ==",), True),
    ],
)
def test_each_operator_holds_for_what_it_says(
    operator: str, value: Json, given: tuple[str, ...], *, holds: bool
) -> None:
    conditioned: Json = GET | {"Condition": {operator: {"The:Key": value}}}
    context = {"the:key": given} if given else {}
    assert ask(identity=[policy(conditioned)], context=context).allowed is holds


def test_all_conditions_must_hold() -> None:
    both: Json = GET | {"Condition": {"StringEquals": {"a:b": "1", "a:c": "2"}}}
    assert not ask(identity=[policy(both)], context={"a:b": ("1",)}).allowed
    assert ask(identity=[policy(both)], context={"a:b": ("1",), "a:c": ("2",)}).allowed


def test_variables_stand_for_the_requests_values_and_without_one_nothing_matches() -> None:
    own: Json = GET | {"Resource": "arn:aws:s3:::photos/${aws:PrincipalTag/team}/*"}
    tagged = {"aws:principaltag/team": ("a",)}
    assert ask(identity=[policy(own)], context=tagged).allowed
    assert not ask(identity=[policy(own)], context={"aws:principaltag/team": ("*",)}).allowed
    assert not ask(identity=[policy(own)]).allowed
    defaulted: Json = GET | {"Resource": "arn:aws:s3:::photos/${aws:PrincipalTag/team, 'a'}/*"}
    assert ask(identity=[policy(defaulted)]).allowed
    account: Json = GET | {"Resource": "arn:aws:s3:${x:region}::photos/*"}
    assert ask(identity=[policy(account)], context={"x:region": ("",)}).allowed


def test_an_operator_that_is_none_is_named() -> None:
    with pytest.raises(PolicyError, match="StringEqual is not known"):
        ask(identity=[policy(GET | {"Condition": {"StringEqual": {"a:b": "c"}}})])
