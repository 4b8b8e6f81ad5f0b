"""``tfbatch init``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tfbatch.terminal.options import json_option
from tfbatch.terminal.problem import Problem

if TYPE_CHECKING:
    from tfbatch.scaffold.upgrade import Change
    from tfbatch.terminal.output import Output


@click.command()
@click.argument(
    "directory", metavar="[DIR]", required=False, type=click.Path(file_okay=False, path_type=Path)
)
@click.option(
    "--model",
    metavar="SOURCE",
    help="SavedModel to serve, as for 'tfbatch model add'.  [default: the demo's]",
)
@click.option("--name", help="Of the project.  [default: the directory's]")
@click.option("--upgrade", is_flag=True, help="Bring the project in this directory up to date.")
@click.option("--dry-run", is_flag=True, help="With --upgrade: only show the changes.")
@json_option
def init(  # noqa: PLR0913 # one for each option
    directory: Path | None,
    *,
    model: str | None,
    name: str | None,
    upgrade: bool,
    dry_run: bool,
    output: Output,
) -> None:
    """Write a project of your own.

    DIR becomes a CDK app with its stages, tests and workflows; everything else comes from the
    installed package. A model of your own is copied to models/, locked, and served in the formats
    that its signature can take. --upgrade shows what this version would change in the files of an
    earlier one, and writes those that you left alone.
    """
    if upgrade:
        if directory or model or name:
            raise click.UsageError("--upgrade takes no DIR, --model or --name: run it in a project")
        _upgrade(output, write=not dry_run)
        return
    if dry_run:
        raise click.UsageError("--dry-run goes with --upgrade")
    if directory is None:
        raise click.UsageError("name the new project's DIR")
    from tfbatch.files.file_store import FileStoreError  # noqa: PLC0415
    from tfbatch.scaffold.create import create  # noqa: PLC0415

    try:
        written = create(directory, name=name, model=model)
    except FileStoreError as error:
        raise Problem(str(error)) from error
    output.say(f"{len(written)} files are in {directory}. Go on with:\n\n  cd {directory}")
    output.say("  make demo     # install, deploy into a sandbox on this machine, predict there")
    output.emit({"directory": str(directory), "files": written})


def _upgrade(output: Output, *, write: bool) -> None:
    from tfbatch import project  # noqa: PLC0415
    from tfbatch.scaffold import upgrade as upgrades  # noqa: PLC0415

    root = project.directory()
    found = upgrades.changes(root)
    for change in found:
        if change.fate is not upgrades.Fate.DELETED:
            output.say(change.diff())
        output.say(f"{change.path}: {_fate(change, write=write)}\n")
    if not found:
        output.say("Every file is as this version writes it, or as you wrote it.")
    if write:
        upgrades.apply(root, found)
    output.emit(
        {"files": [{"path": one.path, "fate": one.fate.value, "diff": one.diff()} for one in found]}
    )


def _fate(change: Change, *, write: bool) -> str:
    from tfbatch.scaffold.upgrade import Fate  # noqa: PLC0415

    if change.fate is Fate.DELETED:
        return "you deleted it, so it stays away."
    if change.fate is Fate.YOURS:
        return "you changed it, so it stays; take over what you want of the diff above."
    done = "written" if write else "to be written"
    return f"{done}; you had left it alone." if change.fate is Fate.UPDATED else f"{done}; new."
