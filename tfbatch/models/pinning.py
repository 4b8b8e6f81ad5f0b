"""Adds, updates, fetches and verifies locked models."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tfbatch.files.exclusive import exclusive
from tfbatch.models import source as sources
from tfbatch.terminal.problem import Problem
from tfbatch_cdk.errors import SettingsError
from tfbatch_cdk.model import lock, saved_model
from tfbatch_cdk.model.lock import Lock, LockedFile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tfbatch_cdk.model.saved_model import Contents

LABELS = "labels.txt"


@dataclass(frozen=True, kw_only=True, slots=True)
class Pinned:
    """A model and its lock."""

    directory: Path
    """``models/NAME``"""
    lock: Lock
    before: Lock | None = None
    """The lock that this one replaced."""

    @property
    def name(self) -> str:
        """Of the model's folder."""
        return self.directory.name


def pin(directory: Path, source: str, *, labels: str = LABELS, replace: bool = False) -> Pinned:
    """Fetch a model and write its lock.

    A source that is the model's own folder is locked as it is.

    Args:
        directory: the model's folder, ``models/NAME``.
        source: see :func:`tfbatch.models.source.bring`.
        labels: name of the file of class names.
        replace: whether the model may be locked already.

    Raises:
        Problem: there is no model at the source, or the model is locked or there already.
    """
    path = lock.path_of(directory)
    directory.parent.mkdir(parents=True, exist_ok=True)
    with exclusive(_mutex(directory)):
        before = _read(path)
        if before is not None and not replace:
            raise Problem(
                f"{path} exists: run 'tfbatch model update {directory.name}' to lock a newer one."
            )
        kept = _kept(source, directory.parent.parent)
        if not _is_own(source, directory):
            _refuse_to_overwrite(directory, before)
            with _brought(source, directory, labels=labels) as new:
                made = _lock(new, source=kept, labels=labels)
                _replace(directory, new)
        else:
            made = _lock(directory, source=kept, labels=labels)
        path.write_text(made.text())
    return Pinned(directory=directory, lock=made, before=before)


def fetch(path: Path, *, again: bool = False) -> bool:
    """Bring the files of a locked model to its folder, checked against the lock.

    Args:
        path: the lock.
        again: replace files that aren't the locked ones.

    Returns:
        Whether they had to be fetched.

    Raises:
        Problem: the source has other files than the lock, or the folder has, without ``again``.
    """
    directory = lock.directory_of(path)
    with exclusive(_mutex(directory)):
        wanted = locked(path)
        changed = check(path)
        if changed == []:
            return False
        if changed and not again:
            raise Problem(
                f"{directory} isn't what {path.name} locks: {', '.join(changed)}. Replace it with "
                f"'tfbatch model fetch {directory.name} --again', or lock it with 'tfbatch model "
                f"update {directory.name} {directory}'."
            )
        labels = next(iter(wanted.labels), LABELS)
        source, version = _from_project(wanted.source, path), wanted.version
        with _brought(source, directory, labels=labels, version=version) as new:
            wrong = saved_model.differences(_contents(new, labels=labels), wanted)
            if wrong:
                raise Problem(
                    f"{wanted.source} isn't what {path.name} locks: {', '.join(wrong[:5])}. Find "
                    f"out who changed it; 'tfbatch model update {directory.name}' locks it anew."
                )
            _replace(directory, new)
    return True


def check(path: Path) -> list[str] | None:
    """In words, what differs between a model's folder and its lock; ``None`` if it isn't there."""
    directory, wanted = lock.directory_of(path), locked(path)
    if not directory.is_dir():
        return None
    labels = next(iter(wanted.labels), LABELS)
    try:
        return saved_model.differences(
            saved_model.read_folder(directory, name=directory.name, labels=labels), wanted
        )
    except SettingsError as error:
        return [str(error)]


def locks(models: Path, names: tuple[str, ...]) -> list[Path]:
    """The locks of some models, or of all.

    Raises:
        Problem: one has no lock.
    """
    if not names:
        return sorted(models.glob("*.lock.json"))
    found = [lock.path_of(models / name) for name in names]
    for path in found:
        locked(path)
    return found


def _read(path: Path) -> Lock | None:
    try:
        return lock.read(path)
    except lock.LockError as error:
        raise Problem(str(error)) from error


def locked(path: Path) -> Lock:
    """The lock in a file.

    Raises:
        Problem: there is none, or it can't be read.
    """
    found = _read(path)
    if found is None:
        name = lock.directory_of(path).name
        raise Problem(f"{path} doesn't exist: lock a model with 'tfbatch model add {name} SOURCE'.")
    return found


def _lock(directory: Path, *, source: str, labels: str) -> Lock:
    found = _contents(directory, labels=labels)
    (version,) = {name.partition("/")[0] for name in found.files if name != labels}
    names = directory / labels
    return Lock(
        source=source,
        version=version,
        files={
            name: LockedFile(sha256=one.digest, size=one.size) for name, one in found.files.items()
        },
        signatures=found.signatures,
        tensorflow=next((one.tensorflow_version for one in found.signatures.values()), ""),
        labels={labels: len(names.read_bytes().splitlines())} if names.is_file() else {},
    )


def _contents(directory: Path, *, labels: str) -> Contents:
    try:
        return saved_model.read_folder(directory, name=directory.name, labels=labels)
    except SettingsError as error:
        raise Problem(str(error)) from error


def _is_own(source: str, directory: Path) -> bool:
    return not sources.is_far(source) and Path(source).resolve() == directory.resolve()


def _kept(source: str, project: Path) -> str:
    """A source as the lock has it: a path inside the project begins at the project."""
    if sources.is_far(source):
        return source
    path, root = Path(source).resolve(), project.resolve()
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def _from_project(source: str, path: Path) -> str:
    """The source of a lock, to fetch from.

    Raises:
        Problem: the lock was made of the model's own folder.
    """
    if sources.is_far(source):
        return source
    found = path.resolve().parent.parent / source
    if found == lock.directory_of(path).resolve():
        raise Problem(
            f"{path.name} names no source but the model's own folder, {found}, which isn't here: "
            "copy the folder, or run 'tfbatch model update' with a source that others reach, "
            "such as s3://…, where it is."
        )
    return str(found)


def _refuse_to_overwrite(directory: Path, before: Lock | None) -> None:
    """A folder without a lock may be all there is of a model."""
    if directory.exists() and before is None:
        raise Problem(
            f"{directory} is there, without a lock. To lock it as it is, name it as the source; "
            "to replace it, delete it first."
        )


@contextmanager
def _brought(
    source: str, directory: Path, *, labels: str, version: str | None = None
) -> Iterator[Path]:
    """The source's files, in a folder beside the model's."""
    prefix = f".{directory.name}-"
    for left in directory.parent.glob(f"{prefix}*"):  # by a process that was killed
        shutil.rmtree(left)
    with tempfile.TemporaryDirectory(prefix=prefix, dir=directory.parent) as folder:
        new = Path(folder, "new")
        new.mkdir()
        sources.bring(source, new, labels=labels, version=version)
        yield new


def _replace(directory: Path, new: Path) -> None:
    if directory.exists():
        directory.rename(new.with_name("old"))
    new.rename(directory)


def _mutex(directory: Path) -> Path:
    return directory.with_name(f".{directory.name}.lock")
