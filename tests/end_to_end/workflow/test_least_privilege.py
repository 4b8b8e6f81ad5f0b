"""Every action that the templates grant is used by the runs of these tests, or says why not.

Runs last, over what the sandbox has recorded of all the other tests in this folder; without them
it has nothing to say.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.deployment import Deployment

_ROLE: Final = re.compile(r"tfbatch-dev-\w+?-(\w+?Role)[0-9A-F]{8}-")
_MODEL: Final = re.compile(r"(?<!Replaced)Model\w+?Role")
_HASH: Final = re.compile(r"[0-9A-F]{8}$")
UNUSED: Final = {
    ("*Role", "s3:AbortMultipartUpload"): "only an upload of parts that breaks is aborted",
    ("*Role", "xray:*"): "traces are sent with it and left out without; there is no X-Ray here",
    ("ModelRole", "kms:CreateGrant"): "SageMaker's, for volumes of instances without local disks",
    ("ModelRole", "logs:DescribeLogStreams"): "in SageMaker's list for an execution role",
    ("ReplacedModelsClockRole", "states:StartExecution"): "EventBridge's, once a day",
    ("MonitoringPulseClockRole", "states:StartExecution"): "EventBridge's, every five minutes",
    ("MonitoringPulseRole", "*"): "runs by the clock; its own tests call it",
    ("SummarizeRole", "s3:DeleteObject"): "takes an earlier run's mark out of the same folder",
    ("SummarizeRole", "s3:PutObject"): "keeps a rate that is certain; no run here is long enough",
    ("WorkflowRole", "kms:*"): "of tasks that S3 asks for keys; requests here are in clear buckets",
    ("WorkflowRole", "sagemaker:ListTags"): "in Step Functions' list for jobs that it waits for",
    (
        "WorkflowRole",
        "states:RedriveExecution",
    ): "redrives a Map's executions, which the sandbox can't",
    (
        "WorkflowRole",
        "states:StopExecution",
    ): "stops a Map's executions, which moto runs within one",
}
"""Granted actions that no run here uses, by role and action, each with the reason for it."""

REFUSED: Final = {
    ("PlanRole", "s3:GetObject", "arn:aws:s3:::someone-elses-bucket/a.jpg"),  # of a manifest
    ("ModelRole", "kms:GenerateDataKey", "arn:aws:kms:us-east-1:123456789012:key/*"),  # a fault
}
"""What tests ask for that a role may not, by role, action and pattern of the resource."""


def _granted(deployment: Deployment) -> Iterator[tuple[str, str, str, int]]:
    """Role, action, policy, place in it: of every statement of the app's roles."""
    iam = deployment.client("iam")
    for page in iam.get_paginator("list_roles").paginate():
        for role in page["Roles"]:
            if _ROLE.match(role["RoleName"]):
                for policy in iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]:
                    found = iam.get_role_policy(RoleName=role["RoleName"], PolicyName=policy)
                    for place, statement in enumerate(found["PolicyDocument"]["Statement"]):
                        actions = statement["Action"]
                        for action in [actions] if isinstance(actions, str) else actions:
                            yield role["Arn"], action, policy, place


def _short(arn: str) -> str:
    """The role's name in the app; all models' roles are one."""
    match = _ROLE.match(arn.rpartition("/")[2])
    return _MODEL.sub("ModelRole", match[1]) if match else arn


def _policy(name: str) -> str:
    return _MODEL.sub("ModelRole", _HASH.sub("", name))


def _is_used(grant: tuple[str, str, str, int], uses: list[dict[str, Any]]) -> bool:
    role, action, policy, place = grant
    return any(
        _short(use["role"]) == _short(role)
        and use["allowed"]
        and fnmatchcase(use["action"], action)
        and any(
            (_policy(each["policy"]), each["place"]) == (_policy(policy), place)
            for each in use["statements"]
        )
        for use in uses
    )


def test_every_granted_action_is_used_or_says_why_not(
    deployment: Deployment, request: pytest.FixtureRequest
) -> None:
    here = Path(__file__).parent
    collected = {item.path for item in request.session.items}
    if not collected >= set(here.glob("test_*.py")):
        pytest.skip("it speaks of what all tests of this folder did")
    uses = deployment.sandbox.authorizations()
    if not uses:
        pytest.skip("IAM is not enforced in this deployment")
    grants = list(_granted(deployment))
    assert len(grants) > 50
    unused = {(_short(grant[0]), grant[1]) for grant in grants if not _is_used(grant, uses)}
    listed = {each for each in unused if any(_matches(each, known) for known in UNUSED)}
    assert sorted(unused - listed) == []


def test_nothing_was_refused_but_what_a_test_asked_to_be(deployment: Deployment) -> None:
    refused = {
        (_short(use["role"]), use["action"], resource)
        for use in deployment.sandbox.authorizations()
        if not use["allowed"]
        for resource in use["resources"]
    }
    meant = {each for each in refused if any(_matches(each, known) for known in REFUSED)}
    assert refused - meant == set()


def _matches(each: tuple[str, ...], known: tuple[str, ...]) -> bool:
    return all(map(fnmatchcase, each, known))
