"""Resources come after what they refer to, in whatever way they do."""

from __future__ import annotations

import graphlib

import pytest

from tfbatch_sandbox.services.cloudformation.template_order import creation_order


@pytest.mark.parametrize(
    "reference",
    [
        {"Properties": {"Deep": [{"Ref": "Needed"}]}},
        {"Properties": {"X": {"Fn::GetAtt": ["Needed", "Arn"]}}},
        {"Properties": {"X": {"Fn::GetAtt": "Needed.Arn"}}},
        {"Properties": {"X": {"Fn::Sub": "a-${Needed}-b"}}},
        {"Properties": {"X": {"Fn::Sub": ["${Needed.Arn}/${v}", {"v": "w"}]}}},
        {"DependsOn": "Needed"},
        {"DependsOn": ["Needed"]},
    ],
)
def test_what_is_referred_to_comes_first(reference: dict[str, object]) -> None:
    assert creation_order({"User": reference, "Needed": {}}) == ["Needed", "User"]


def test_parameters_and_literals_are_no_resources() -> None:
    resources = {
        "A": {"Properties": {"X": {"Ref": "AWS::Region"}, "Y": {"Fn::Sub": "${!B}"}}},
        "B": {},
    }
    assert creation_order(resources) == ["A", "B"]


def test_a_circle_is_an_error() -> None:
    with pytest.raises(graphlib.CycleError):
        creation_order({"A": {"DependsOn": "B"}, "B": {"DependsOn": "A"}})
