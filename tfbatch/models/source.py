"""Copies a model from its source: a folder, an archive, S3, the web, or the model registry."""

from __future__ import annotations

import shutil
import tarfile
import tempfile
import urllib.error
import urllib.request
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

from tfbatch.files.file_store import FileStoreError, file_at, folder_at
from tfbatch.inspect.content import ARCHIVES, SAVED_MODEL, Content, content
from tfbatch.models import registry
from tfbatch_cdk.model.lock import is_package

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tfbatch.files.file_store import Readable

_WEB = ("https://", "http://localhost:", "http://127.0.0.1:")
_TIMEOUT_SECONDS = 60.0
_FIRST_VERSION = "1"


def is_far(source: str) -> bool:
    """Whether a source isn't a path of this machine."""
    return "://" in source or is_package(source)


def bring(source: str, target: Path, *, labels: str, version: str | None = None) -> None:
    """Write ``<version>/saved_model.pb`` and its neighbors, and the class names, to a folder.

    Args:
        source: a SavedModel's folder, a folder of versions, or a ``.tar.gz`` of either; a path,
            ``s3://…`` or ``https://…`` (an archive). Or the ARN of an approved model package.
        target: an existing empty folder.
        labels: name of the file of class names.
        version: which version of several; the highest if there is no such one.

    Raises:
        FileStoreError: there is no model.
    """
    with _at_hand(source) as where:
        found = content(where)
        wanted = _wanted(found, labels=labels, version=version)
        for name, file in _files(found, wanted):
            path = target / wanted[name]
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as copy:
                shutil.copyfileobj(file, copy, 1 << 20)


@contextmanager
def _at_hand(source: str) -> Iterator[str]:
    """The source, or a copy of an archive that is far away, which is read twice."""
    source = registry.artifact_of(source) if is_package(source) else source
    is_web = "://" in source and not source.startswith("s3://")
    if not is_web and not (source.startswith("s3://") and source.endswith(ARCHIVES)):
        yield source
        return
    with tempfile.TemporaryDirectory(prefix="tfbatch-model-") as folder:
        copy = Path(folder, "model.tar.gz")
        with copy.open("wb") as file, _opened(source) as stream:
            shutil.copyfileobj(stream, file, 1 << 20)
        yield str(copy)


@contextmanager
def _opened(source: str) -> Iterator[Readable]:
    if source.startswith("s3://"):
        folder, name = file_at(source)
        if folder.metadata(name) is None:
            raise FileStoreError(f"{source} is not there")
        with closing(folder.open(name)) as object_:
            yield object_
        return
    if not source.startswith(_WEB):
        raise FileStoreError(f"{source!r} is no source of models: use a path, s3://… or https://…")
    request = urllib.request.Request(source)  # noqa: S310 # https, or this machine
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as reply:  # noqa: S310
            yield reply
    except (urllib.error.URLError, TimeoutError) as error:
        raise FileStoreError(f"{source} can't be fetched: {error}") from error


def _wanted(found: Content, *, labels: str, version: str | None) -> Mapping[str, str]:
    """The names of files to copy -> their names in the model's folder."""
    folders = {_version(folder or found.where): folder for folder in reversed(found.folders())}
    chosen = version if version in folders else _version(found.folders()[0] or found.where)
    folder = folders[chosen]
    rest = (name for name in found.sizes if name.startswith(folder))
    names = {  # without hidden ones, and so without any that lead out of the folder
        name: f"{chosen}/{name.removeprefix(folder)}"
        for name in rest
        if not any(part.startswith(".") for part in name.removeprefix(folder).split("/"))
    }
    if folder == "":  # beside the files of a SavedModel, an archive may have anything
        names = {name: to for name, to in names.items() if name != labels}
    for name in found.sizes:
        if name == labels or name.endswith(f"/{labels}"):
            return names | {name: labels}
    return names


def _version(folder: str) -> str:
    """The number of a version's folder; 1 for a folder that isn't named by a number."""
    last = folder.rstrip("/").rpartition("/")[2]
    return last if last.isdecimal() else _FIRST_VERSION


def _files(found: Content, wanted: Mapping[str, str]) -> Iterator[tuple[str, Readable]]:
    if found.is_archive:
        yield from _members(found.where, wanted)
    elif found.where.endswith(SAVED_MODEL):
        raise FileStoreError(f"{found.where}: name the folder that holds it, not the file")
    else:
        folder = folder_at(found.where)
        for name in wanted:
            with closing(folder.open(name)) as stream:
                yield name, stream


def _members(where: str, wanted: Mapping[str, str]) -> Iterator[tuple[str, Readable]]:
    with tarfile.open(where) as archive:
        for member in archive:
            name = member.name.removeprefix("./")
            if member.isfile() and name in wanted:
                yield name, cast("Readable", archive.extractfile(member))
