"""Reads a model: the files of its newest version, its lock and its signature."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tfbatch_cdk.errors import SettingsError
from tfbatch_cdk.model import lock
from tfbatch_handler import signature
from tfbatch_handler.outputs.choice import output_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tfbatch_cdk.settings import Model

_SHOWN = 3
"""Files that a message names."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """One file of an artifact."""

    source: Path | None
    """``None``: only its lock is here. A deployment fetches it."""
    digest: str
    """SHA-256 of the contents, in hexadecimal."""
    size: int
    """In bytes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Contents:
    """A model's files by their names in its folder, ``1/saved_model.pb``, and its signatures."""

    files: Mapping[str, Member]
    signatures: Mapping[str, signature.Signature]


def contents_of(model: Model) -> Contents:
    """A model's newest version and its labels, from its folder or from its lock alone.

    Raises:
        SettingsError: there is neither, the folder has no version, or its files aren't the locked
            ones.
    """
    path = lock.path_of(model.directory)
    locked = lock.read(path)
    if locked is not None and not set(locked.labels) <= {model.handler.labels}:
        raise lock.LockError(
            f"Model.handler.labels = {model.handler.labels!r}: {path.name} locks "
            f"{next(iter(locked.labels))}. Run 'tfbatch model update {model.directory.name} "
            f"--labels {model.handler.labels}'"
        )
    if locked is not None and not model.directory.is_dir():
        files = {
            name: Member(source=None, digest=one.sha256, size=one.size)
            for name, one in locked.files.items()
        }
        return Contents(files=files, signatures=locked.signatures)
    found = read_folder(model.directory, name=model.name, labels=model.handler.labels)
    changed = differences(found, locked) if locked is not None else []
    if changed:
        some = ", ".join(changed[:_SHOWN]) + (" …" if len(changed) > _SHOWN else "")
        name, where = model.directory.name, model.directory
        raise lock.LockError(
            f"Model.directory = {str(where)!r}: it isn't what {path.name} locks: {some}. To lock "
            f"what is there, run 'tfbatch model update {name} {where}'; to get what is locked, "
            f"'tfbatch model fetch {name}'"
        )
    return found


def differences(found: Contents, locked: lock.Lock) -> list[str]:
    """In words, what isn't as locked; empty if all is."""
    said = []
    for name in sorted(found.files.keys() | locked.files.keys()):
        here, there = found.files.get(name), locked.files.get(name)
        if here is None:
            said.append(f"{name} is missing")
        elif there is None:
            said.append(f"{name} is not locked")
        elif (here.digest, here.size) != (there.sha256, there.size):
            said.append(f"{name} has changed")
    if not said and dict(found.signatures) != dict(locked.signatures):
        said.append("the lock's signatures aren't those of its saved_model.pb")
    return said


def read_folder(directory: Path, *, name: str, labels: str) -> Contents:
    """The files of a folder: its newest version, and its file of class names if it has one.

    Args:
        directory: holds ``<version>/saved_model.pb``.
        name: the model's, for messages.
        labels: name of the file of class names.

    Raises:
        SettingsError: there is no such folder, or no SavedModel in it.
    """
    version = _newest_version(directory, name=name)
    paths = {f"{version.name}/{name}": path for name, path in files_below(version)}
    if (directory / labels).is_file():
        paths[labels] = directory / labels
    return Contents(
        files={name: member(path) for name, path in paths.items()},
        signatures=_signatures(version / "saved_model.pb", where=str(directory)),
    )


def files_below(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every file below a folder except caches and hidden files, with its relative name."""
    for path in folder.rglob("*"):
        parts = path.relative_to(folder).parts
        hidden = any(part.startswith(".") or part == "__pycache__" for part in parts)
        if path.is_file() and not hidden and path.suffix != ".pyc":
            yield "/".join(parts), path


def member(path: Path) -> Member:
    """A file with its digest and size."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Member(source=path, digest=digest, size=path.stat().st_size)


def signature_of(model: Model) -> signature.Signature:
    """The signature that the handler serves.

    Raises:
        SettingsError: the handler doesn't support it, or it doesn't give the requested output.
    """
    try:
        chosen = signature.servable(
            _signatures_of(model), features=model.handler.features, name=model.signature
        )
        output_of(chosen, model.handler, code=model.directory)
    except signature.SignatureError as error:
        raise SettingsError(f"Model.directory = {str(model.directory)!r}: {error}") from error
    return chosen


def _signatures_of(model: Model) -> Mapping[str, signature.Signature]:
    """From the folder, or from the lock alone."""
    locked = lock.read(lock.path_of(model.directory))
    if locked is not None and not model.directory.is_dir():
        return locked.signatures
    version = _newest_version(model.directory, name=model.name)
    return _signatures(version / "saved_model.pb", where=str(model.directory))


def is_mergeable(served: signature.Signature) -> bool:
    """Whether requests can be batched: every input has records of a fixed shape."""
    shapes = [tensor.shape for tensor in served.inputs.values()]
    return served.takes_batches and all(
        shape is not None and min(shape[1:], default=0) >= 0 for shape in shapes
    )


def _signatures(file: Path, *, where: str) -> Mapping[str, signature.Signature]:
    state = file.stat()
    try:
        return _parsed(file, state.st_mtime_ns, state.st_size)
    except signature.SignatureError as error:
        raise SettingsError(f"Model.directory = {where!r}: {error}") from error


@functools.lru_cache(maxsize=128)
def _parsed(file: Path, _modified: int, _size: int) -> Mapping[str, signature.Signature]:
    """The signatures of a file, which a synthesis needs for each instance type."""
    return signature.read_saved_model(file)


def _newest_version(directory: Path, *, name: str) -> Path:
    """The folder with the highest version number.

    Raises:
        SettingsError: the directory is missing or has no version.
    """
    where = f"Model.directory = {str(directory)!r}"
    if not directory.is_dir():
        raise SettingsError(
            f"{where}: there is no such directory, and no lock {lock.path_of(directory).name} "
            f"beside it. Fetch the model with 'tfbatch model add {directory.name} SOURCE', or "
            f"export the model {name!r} there as <version>/saved_model.pb (`make model` exports "
            "the demo's)"
        )
    found = sorted(path.name for path in directory.iterdir())
    versions = [path for path in directory.iterdir() if path.name.isdecimal()]
    if not versions:
        raise SettingsError(
            f"{where}: no folder with a version number for its name, such as 1, among "
            f"{found or 'nothing'}; TensorFlow Serving loads <version>/saved_model.pb only"
        )
    newest = max(versions, key=lambda path: int(path.name))
    if not (newest / "saved_model.pb").is_file():
        names = sorted(path.name for path in newest.iterdir())
        raise SettingsError(
            f"{where}: version {newest.name} has no saved_model.pb, only {names or 'nothing'}; "
            "export the model with tf.saved_model.save or keras's Model.export"
        )
    return newest
