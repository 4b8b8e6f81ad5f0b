"""docs/cli.md has every command and option, in the words of ``--help``."""

from __future__ import annotations

import ast
import os
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from tests.paths import REPOSITORY
from tfbatch.cli import cli
from tfbatch.commands import COMMANDS
from tfbatch.terminal import exit_codes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PAGE = REPOSITORY / "docs" / "cli.md"
WIDTH = 100


def _helps(command: click.Command, parent: click.Context, name: str) -> Iterator[str]:
    """A command's help, and those of the commands below it."""
    context = click.Context(
        command,
        parent=parent,
        info_name=name,
        terminal_width=WIDTH,
        help_option_names=["-h", "--help"],
    )
    yield f"\n```\n{command.get_help(context).replace(chr(8), '').rstrip()}\n```\n"
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            assert found is not None
            yield from _helps(found, context, below)


def commands() -> str:
    """Every command under its heading."""
    root = click.Context(cli, info_name="tfbatch", terminal_width=WIDTH)
    parts = []
    for heading, entries in COMMANDS.items():
        parts.append(f"\n### {heading}\n")
        for name in entries:
            command = cli.get_command(root, name)
            assert command is not None
            parts += _helps(command, root, name)
    return "".join(parts) + "\n"


def codes() -> str:
    """The exit codes with the words that stand below each."""
    body = ast.parse(Path(exit_codes.__file__).read_text()).body
    rows = []
    for assigned, told in pairwise(body):
        if isinstance(assigned, ast.Assign) and isinstance(told, ast.Expr):
            value, words = ast.literal_eval(assigned.value), ast.literal_eval(told.value)
            rows.append(f"| {value} | {' '.join(words.split()).replace('``', '`')} |\n")
    return "\n| code | |\n| --- | --- |\n" + "".join(rows)


@pytest.mark.parametrize(("part", "wanted"), [("commands", commands), ("exit codes", codes)])
def test_the_page_is_what_the_command_says(part: str, wanted: Callable[[], str]) -> None:
    text, begin, end = wanted(), f"<!-- {part} -->", f"<!-- /{part} -->"
    before, _, rest = PAGE.read_text().partition(begin)
    shown, _, after = rest.partition(end)
    if os.environ.get("UPDATE_SNAPSHOTS"):
        PAGE.write_text(before + begin + text + end + after)
        shown = text
    assert shown == text, f"UPDATE_SNAPSHOTS=1 python -m pytest {Path(__file__).name} writes it"
