"""A click group that imports a command only when it runs."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

import click
from click.shell_completion import CompletionItem

from tfbatch.commands import COMMANDS, TABLE
from tfbatch.terminal.problem import explained

if TYPE_CHECKING:
    from typing import Any


class LazyGroup(click.Group):
    """``tfbatch`` itself, with the commands of ``tfbatch.commands``."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 # click's signature
        """Return the names in the order of the menu."""
        return list(TABLE)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import a command."""
        if cmd_name not in TABLE:
            return None
        module, _, name = TABLE[cmd_name].target.partition(":")
        return cast("click.Command", getattr(import_module(f"tfbatch.commands.{module}"), name))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the menu, a section for each heading."""
        width = max(map(len, TABLE))
        for heading, entries in COMMANDS.items():
            with formatter.section(heading):
                formatter.write_dl(
                    [(name.ljust(width), entry.help) for name, entry in entries.items()]
                )

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete a command's name."""
        options = click.Command.shell_complete(self, ctx, incomplete)
        names = (name for name in TABLE if name.startswith(incomplete))
        return [CompletionItem(name, help=TABLE[name].help) for name in names] + options

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 # click's signature
        """Run a command. An error of AWS becomes one line with a remedy."""
        with explained():
            return super().invoke(ctx)
