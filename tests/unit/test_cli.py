"""The command line as a person meets it."""

from __future__ import annotations

import subprocess
import sys

import pytest
from click.testing import CliRunner

from tfbatch import aws
from tfbatch.cli import cli
from tfbatch.export.catalog import CATALOG

HEAVY = ("tensorflow", "keras", "boto3", "moto", "aws_cdk", "rich", "numpy")


@pytest.mark.parametrize("command", [[], ["export"], ["sandbox"], ["demo"], ["review"]])
def test_every_command_explains_itself(command: list[str]) -> None:
    result = CliRunner().invoke(cli, [*command, "--help"])
    assert result.exit_code == 0
    assert result.output.startswith("Usage: ")


def test_the_command_line_imports_nothing_heavy_before_it_knows_what_to_do() -> None:
    code = f"import sys, tfbatch.cli; print([m for m in {HEAVY} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert found.stdout.strip() == "[]"


def test_an_unknown_model_is_answered_with_those_there_are() -> None:
    result = CliRunner().invoke(cli, ["export", "resnet"])
    assert result.exit_code == 2
    assert all(name in result.output for name in CATALOG)


def test_the_exports_clear_away_what_would_lead_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    lines = aws.export_lines({"AWS_ENDPOINT_URL": "http://localhost:1", "AWS_REGION": "x y"})
    assert lines.splitlines() == [
        "unset AWS_PROFILE",
        "export AWS_ENDPOINT_URL=http://localhost:1",
        "export AWS_REGION='x y'",
    ]
