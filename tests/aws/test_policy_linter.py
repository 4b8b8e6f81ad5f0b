"""Every statement of every policy means what AWS takes it for, in every partition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.aws.policy_linter import findings
from tests.aws.templates import Place, statements

if TYPE_CHECKING:
    from tests.tfbatch_cdk.conftest import Assembly

PLACES = (
    Place(),
    Place(partition="aws-cn", region="cn-north-1"),
    Place(partition="aws-us-gov", region="us-gov-west-1"),
    Place(partition="aws-iso", region="us-iso-east-1"),
)
KNOWN = {
    "kms:DescribeCustomKeyStores has no condition key kms:EncryptionContext:aws:logs:arn": "the "
    "statement is that of the CloudWatch Logs user guide, which has kms:Describe* too"
}
"""Findings that are no faults."""
MODEL = "arn:aws:sagemaker:us-east-1:123456789012:model/a"
OBJECTS = "arn:aws:s3:::photos/*"


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.partition)
def test_no_statement_has_a_finding(assemblies: dict[str, Assembly], place: Place) -> None:
    found = {
        f"{stage}: {name}: {finding}"
        for stage, assembly in assemblies.items()
        for name, _, statement in statements(assembly, place)
        for finding in findings(statement)
    }
    faults = {each for each in found if each.split(": ", 2)[2] not in KNOWN}
    assert sorted(faults) == []


def _allow(action: str, resource: str = "*", **condition: dict[str, str]) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, "Condition": condition}


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        (_allow("s3:GetObjects", OBJECTS), "s3:GetObjects is no action"),
        (_allow("sagemaker:Delte*"), "sagemaker:Delte* is no action"),
        (_allow("s3:GetObject", "arn:aws:s3:::photos"), "s3:GetObject is of"),
        (_allow("s3:ListBucket", OBJECTS), "s3:ListBucket is of"),
        (_allow("logs:GetLogEvents", "arn:aws:logs:us-east-1:1:log-group:a"), "GetLogEvents is of"),
        (_allow("tag:GetResources", MODEL), "tag:GetResources is of ['*']"),
        (
            _allow("sagemaker:DeleteModel", MODEL, StringEquals={"aws:RequestTag/team": "a"}),
            "sagemaker:DeleteModel has no condition key aws:RequestTag/team",
        ),
        (
            _allow("s3:GetObject", OBJECTS, StringEquals={"kms:ViaService": "s3"}),
            "s3:GetObject has no condition key kms:ViaService",
        ),
    ],
)
def test_a_statement_that_means_nothing_is_found(statement: dict[str, Any], finding: str) -> None:
    assert any(finding in each for each in findings(statement))


def test_a_resource_that_no_action_is_of_is_found() -> None:
    statement = _allow("s3:GetObject") | {"Resource": [OBJECTS, MODEL]}
    assert list(findings(statement)) == [f"no action of the statement is of {MODEL}"]
