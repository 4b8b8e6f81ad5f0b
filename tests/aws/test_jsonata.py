"""Every expression of the workflow gives what the reference implementation of JSONata gives.

``jsonata_recording.jsonl`` has evaluations of the workflow's tests. ``make record-jsonata`` makes
it again when an expression has changed.
"""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.aws.workflows import expressions
from tfbatch_sandbox.services.stepfunctions.jsonata_evaluator import evaluate

HERE = Path(__file__).parent
RECORDING = HERE / "jsonata_recording.jsonl"
BY_CHANCE = ("$random(", "$now(", "$millis(", "$uuid(")
"""Functions whose results nobody can repeat."""


@pytest.fixture(scope="module")
def recorded() -> list[dict[str, Any]]:
    return [json.loads(line) for line in RECORDING.read_text("utf-8").splitlines()]


def test_every_expression_is_recorded(
    machines: list[dict[str, Any]], recorded: list[dict[str, Any]]
) -> None:
    known = {_skeleton(one["expression"]) for one in recorded}
    missing = {
        each
        for machine in machines
        for each in expressions(machine)
        if _skeleton(each) not in known and not any(name in each for name in BY_CHANCE)
    }
    assert sorted(missing) == [], "make record-jsonata"


def _skeleton(expression: str) -> str:
    """An expression without its constants: those of the request's fields are a stage's."""
    return re.sub(r'"(?:[^"\\]|\\.)*"|\d+|[\s,]+', "", expression)


def test_the_reference_implementation_gives_the_same(recorded: list[dict[str, Any]]) -> None:
    asked = [one for one in recorded if not any(name in one["expression"] for name in BY_CHANCE)]
    done = subprocess.run(
        ["node", str(HERE / "jsonata_replay.mjs")],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
        cwd=HERE.parents[1],
    )
    told = json.loads(done.stdout)
    assert len(told) == len(asked) > 100
    for one, reference in zip(asked, told, strict=True):
        assert reference == {"value": one["value"]}, one["expression"]
        assert evaluate(one["expression"], one["variables"]) == one["value"], one["expression"]
