"""``tfbatch model``: models as pinned dependencies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tfbatch.terminal import exit_codes
from tfbatch.terminal.options import json_option

if TYPE_CHECKING:
    from pathlib import Path

    from tfbatch.models.pinning import Pinned
    from tfbatch.terminal.output import Output
    from tfbatch_cdk.model.lock import Lock

_labels = click.option(
    "--labels", metavar="FILE", help="Name of the file of class names.  [default: labels.txt]"
)


@click.group()
def model() -> None:
    """Pin models by lock files.

    models/NAME.lock.json says where a model comes from and what it is, and is committed; the files
    in models/NAME aren't. 'cdk synth' needs only the lock, and 'cdk deploy' fetches what is
    missing.
    """


@model.command()
@click.argument("name", metavar="NAME")
@click.argument("source", metavar="SOURCE")
@_labels
@json_option
def add(name: str, source: str, *, labels: str | None, output: Output) -> None:
    """Fetch a model to models/NAME and lock it.

    SOURCE is a SavedModel's folder, a folder of versions or a .tar.gz: a path, s3://… or https://…
    Or it is the ARN of a model package in SageMaker Model Registry, which must be approved.
    """
    from tfbatch.models import pinning  # noqa: PLC0415

    _check(name)
    made = pinning.pin(_models() / name, source, labels=labels or pinning.LABELS)
    output.say(f"{name} is locked: {_summary(made.lock)}.")
    for remark in _remarks(made.lock):
        output.say(remark)
    output.say(f'In stacks/stages.py: Model(name="{name}", directory=Path("models/{name}"))')
    output.emit(_document(name, made.lock))


@model.command()
@click.argument("name", metavar="NAME")
@click.argument("source", metavar="[SOURCE]", required=False)
@_labels
@json_option
def update(name: str, source: str | None, *, labels: str | None, output: Output) -> None:
    """Fetch a locked model anew, and lock what came.

    SOURCE replaces the one in the lock. models/NAME itself locks the files that are there.
    """
    from tfbatch.models import pinning  # noqa: PLC0415
    from tfbatch_cdk.model import lock  # noqa: PLC0415

    _check(name)
    old = pinning.locked(lock.path_of(_models() / name))
    made = pinning.pin(
        _models() / name,
        source or old.source,
        labels=labels or next(iter(old.labels), pinning.LABELS),
        replace=True,
    )
    for line in [*_changes(made), *_remarks(made.lock)]:
        output.say(line)
    output.emit(_document(name, made.lock))


@model.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--again", is_flag=True, help="Replace files that aren't the locked ones.")
@json_option
def fetch(names: tuple[str, ...], *, again: bool, output: Output) -> None:
    """Fetch the files of locked models that aren't here.

    Every file is compared with the lock.
    """
    from tfbatch.models import pinning  # noqa: PLC0415

    for path, name in _locks(names):
        found = pinning.locked(path)
        is_new = pinning.fetch(path, again=again)
        came = f"fetched from {found.source}" if is_new else "is here already"
        output.say(f"{name}: {came}, {_summary(found)}.")
        output.emit(_document(name, found) | {"fetched": is_new})


@model.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@json_option
@click.pass_context
def verify(ctx: click.Context, names: tuple[str, ...], *, output: Output) -> None:
    """Compare the files of locked models with their locks.

    The exit code is 3 when some aren't the locked ones.
    """
    from tfbatch.models import pinning  # noqa: PLC0415

    is_right = True
    for path, name in _locks(names):
        changed = pinning.check(path)
        is_right = is_right and not changed
        state = "not on this machine" if changed is None else "; ".join(changed) or "as locked"
        output.say(f"{name}: {state}")
        output.emit({"model": name, "here": changed is not None, "changed": changed or []})
    ctx.exit(exit_codes.OK if is_right else exit_codes.ATTENTION)


def _models() -> Path:
    from tfbatch import project  # noqa: PLC0415

    return project.models()


def _locks(names: tuple[str, ...]) -> list[tuple[Path, str]]:
    from tfbatch.models import pinning  # noqa: PLC0415
    from tfbatch_cdk.model import lock  # noqa: PLC0415

    found = pinning.locks(_models(), names)
    return [(path, lock.directory_of(path).name) for path in found]


def _check(name: str) -> None:
    """Refuse a name that no Model may have."""
    from tfbatch_cdk.settings.model import NAME  # noqa: PLC0415

    if not NAME.fullmatch(name):
        raise click.BadParameter(
            f"{name!r}: use lower-case letters, digits and single hyphens, at most 40 characters",
            param_hint="NAME",
        )


def _summary(lock: Lock) -> str:
    labels = "".join(f", {count:,} class names" for count in lock.labels.values())
    served = lock.signatures.get("serving_default")
    signature = f", {served}" if served else ""
    return (
        f"version {lock.version}, {len(lock.files)} files, {lock.size / 1e6:,.1f} MB"
        f"{labels}{signature}"
    )


def _changes(made: Pinned) -> list[str]:
    """What an update changed."""
    if made.before == made.lock:
        return [f"{made.name} is the locked one: {_summary(made.lock)}."]
    before = [f"  it was: {_summary(made.before)}"] if made.before else []
    return [f"{made.name} is locked anew: {_summary(made.lock)}.", *before]


def _remarks(lock: Lock) -> list[str]:
    """Why a synthesis would refuse the model, or what is odd about it."""
    from tfbatch.inspect.advice import advice  # noqa: PLC0415
    from tfbatch_handler.signature import SignatureError, servable  # noqa: PLC0415

    try:
        return list(advice(servable(lock.signatures)))
    except SignatureError as error:
        return [f"The handler can't serve it as it is: {error}"]


def _document(name: str, lock: Lock) -> dict[str, Any]:
    return {
        "model": name,
        "source": lock.source,
        "version": lock.version,
        "tensorflow": lock.tensorflow or None,
        "files": len(lock.files),
        "bytes": lock.size,
        "labels": dict(lock.labels),
        "signatures": {key: str(one) for key, one in sorted(lock.signatures.items())},
    }
