"""Tests of IAM roles: least privilege, trust policies and the permissions boundary."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from stacks.stages import stage_named
from tests.tfbatch_cdk.security.policies import actions, allowed, statements, text
from tfbatch_cdk.errors import SettingsError
from tfbatch_cdk.settings import Access, Protection

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.tfbatch_cdk.conftest import Assembly
    from tfbatch_cdk.settings import Stage

BOUNDARY = "arn:aws:iam::111122223333:policy/boundary"


def test_no_role_may_do_everything_of_a_service(prod: Assembly) -> None:
    for statement in statements(prod):
        if statement["Effect"] == "Allow":
            assert not [action for action in actions(statement) if "*" in action]


def test_no_role_may_hand_on_a_role(prod: Assembly) -> None:
    granted = {action for statement in statements(prod) for action in actions(statement)}
    assert not {action for action in granted if action.startswith(("iam:", "sts:"))}


def test_services_take_their_roles_for_this_account_only(prod: Assembly) -> None:
    """Lambda needs no condition: iam:PassRole allows only roles of the function's account."""
    for name, role in prod.of_type("AWS::IAM::Role").items():
        for trust in role["Properties"]["AssumeRolePolicyDocument"]["Statement"]:
            service = trust["Principal"].get("Service")
            if service and service != "lambda.amazonaws.com":
                assert "aws:SourceAccount" in text(trust.get("Condition", {})), name


def test_every_actor_has_a_role_of_its_own(prod: Assembly) -> None:
    functions = prod.of_type("AWS::Lambda::Function").values()
    machines = prod.of_type("AWS::StepFunctions::StateMachine").values()
    models = prod.of_type("AWS::SageMaker::Model").values()
    roles = [
        *(text(one["Properties"]["Role"]) for one in functions),
        *(text(one["Properties"]["RoleArn"]) for one in machines),
        *(text(one["Properties"]["ExecutionRoleArn"]) for one in models),
    ]
    assert len(set(roles)) == len(roles) == 8


@pytest.mark.aws
def test_no_role_of_a_stage_names_the_jobs_of_another(dev: Assembly, prod: Assembly) -> None:
    for stage, assembly in (("dev", dev), ("prod", prod)):
        named = [
            resource
            for statement in statements(assembly)
            for resource in re.findall(
                r"(?:transform-job/|log-stream:)(tfbatch-[^\"]*)", text(statement)
            )
        ]
        assert named
        assert {re.sub(r"\*$", "", each) for each in named} == {f"tfbatch-{stage}-"}


def test_the_reviewer_looks_and_the_operator_also_starts_and_stops(prod: Assembly) -> None:
    reviewer, operator = (allowed(prod, f"People{who}") for who in ("Reviewer", "Operator"))
    verbs = ("Describe", "Filter", "Get", "List", "StartQuery")
    assert all(action.split(":")[1].startswith(verbs) for action in reviewer)
    assert operator - reviewer == {
        "sagemaker:StopTransformJob",
        "states:StartExecution",
        "states:StopExecution",
    }


def test_people_read_neither_inputs_nor_predictions(prod: Assembly) -> None:
    for who in ("PeopleReviewer", "PeopleOperator"):
        assert not {one for one in allowed(prod, who) if one.startswith(("s3:", "kms:"))}


def test_only_whom_the_stage_names_takes_the_peoples_roles(
    synth: Callable[[Stage], Assembly],
) -> None:
    ops = "arn:aws:iam::111122223333:role/ops"
    stage = replace(
        stage_named("dev"), protection=Protection(access=Access(people=(ops,)), network=None)
    )
    roles = synth(stage).of_type("AWS::IAM::Role")
    for name in ("PeopleReviewer", "PeopleOperator"):
        (role,) = (one for key, one in roles.items() if key.startswith(name))
        (trust,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Principal"] == {"AWS": ops}


def test_a_permissions_boundary_bounds_every_role(synth: Callable[[Stage], Assembly]) -> None:
    access = Access(permissions_boundary=BOUNDARY)
    stage = replace(stage_named("dev"), protection=Protection(access=access, network=None))
    roles = synth(stage).of_type("AWS::IAM::Role")
    assert {one["Properties"].get("PermissionsBoundary") for one in roles.values()} == {BOUNDARY}


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"people": ("*",)}, r"Access\.people = \('\*',\): use ARNs of IAM roles or users"),
        ({"permissions_boundary": "boundary"}, r"Access\.permissions_boundary = 'boundary'"),
        ({"further_keys": ("alias/theirs",)}, r"Access\.further_keys.*not aliases"),
    ],
)
def test_a_typing_error_opens_no_door(wrong: dict[str, str], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        Access(**wrong)  # type: ignore[arg-type]


def test_a_function_in_the_vpc_leaves_network_interfaces_to_lambda(prod: Assembly) -> None:
    for name in ("Plan", "Reconcile", "Summarize", "Stop"):
        denied = [one for one in statements(prod, name) if one["Effect"] == "Deny"]
        (refused,) = denied
        assert "lambda:SourceFunctionArn" in text(refused["Condition"])
        changes = {one for one in allowed(prod, name) if one.startswith("ec2:")}
        assert changes == set(actions(refused))
