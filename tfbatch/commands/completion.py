"""``tfbatch completion``: what a shell sources to complete commands, options and executions."""

from __future__ import annotations

import os
from pathlib import Path

import click
from click.shell_completion import get_completion_class

from tfbatch.terminal.problem import Problem

_SHELLS = ("bash", "zsh", "fish")
_PROGRAM = "tfbatch"


@click.command()
@click.argument("shell", type=click.Choice(_SHELLS), required=False)
@click.pass_context
def completion(ctx: click.Context, shell: str | None) -> None:
    """Print what makes a shell complete tfbatch.

    \b
    bash:  eval "$(tfbatch completion bash)"      # in ~/.bashrc
    zsh:   eval "$(tfbatch completion zsh)"       # in ~/.zshrc
    fish:  tfbatch completion fish | source       # in ~/.config/fish/config.fish

    SHELL is that of $SHELL when left out.
    """  # noqa: D301 # \b is click's mark for text that stays as it is
    name = shell or Path(os.environ.get("SHELL", "")).name
    found = get_completion_class(name) if name in _SHELLS else None
    if found is None:
        raise Problem(f"SHELL = {name!r} can't be completed: name one of {', '.join(_SHELLS)}.")
    root = ctx.find_root().command
    click.echo(found(root, {}, _PROGRAM, "_TFBATCH_COMPLETE").source())
