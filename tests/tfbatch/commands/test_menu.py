"""The command line as a person meets it."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from tfbatch.aws import endpoint
from tfbatch.cli import cli
from tfbatch.commands import TABLE
from tfbatch.export.catalog import CATALOG

HEAVY = ("tensorflow", "keras", "boto3", "moto", "aws_cdk", "rich", "numpy")


@pytest.mark.parametrize("name", TABLE)
def test_every_command_explains_itself_in_the_words_of_the_menu(name: str) -> None:
    result = CliRunner().invoke(cli, [name, "--help"])
    assert result.exit_code == 0, result.output
    assert result.output.startswith("Usage: ")
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    assert (command.help or "").partition("\n\n")[0].replace("\n", " ") == TABLE[name].help


def test_no_command_imports_anything_heavy_before_it_knows_what_to_do() -> None:
    modules = sorted(
        {f"tfbatch.commands.{entry.target.partition(':')[0]}" for entry in TABLE.values()}
    )
    code = (
        f"import sys, tfbatch.cli, importlib; [importlib.import_module(m) for m in {modules}]; "
        f"print([m for m in {HEAVY} if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert found.stdout.strip() == "[]"


def test_the_menu_lists_every_command_under_its_heading() -> None:
    menu = CliRunner().invoke(cli, ["--help"]).output
    assert all(f"  {name} " in menu and entry.help in menu for name, entry in TABLE.items())


def test_an_unknown_model_is_answered_with_those_there_are() -> None:
    result = CliRunner().invoke(cli, ["export", "resnet"])
    assert result.exit_code == 2
    assert all(name in result.output for name in CATALOG)


def test_the_exports_clear_away_what_would_lead_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    lines = endpoint.export_lines({"AWS_ENDPOINT_URL": "http://localhost:1", "AWS_REGION": "x y"})
    assert lines.splitlines() == [
        "unset AWS_PROFILE",
        "export AWS_ENDPOINT_URL=http://localhost:1",
        "export AWS_REGION='x y'",
    ]
