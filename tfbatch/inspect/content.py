"""Lists the files of a model in a folder or an archive, on this machine or in S3."""

from __future__ import annotations

import tarfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tfbatch.files.file_store import FileStoreError, file_at, folder_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tfbatch.files.file_store import FileStore, Stream

SAVED_MODEL: Final = "saved_model.pb"
LABELS: Final = "labels.txt"
_WANTED = (SAVED_MODEL, LABELS)
_KERAS = (".keras", ".h5", ".hdf5")
"""Keras's own files, which TensorFlow Serving doesn't read."""
ARCHIVES: Final = (".tar.gz", ".tgz", ".tar")


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """The files of a model."""

    where: str
    """As requested."""
    sizes: Mapping[str, int]
    """Size of each file, by name."""
    texts: Mapping[str, bytes]
    """Contents of every ``saved_model.pb`` and ``labels.txt``."""
    is_archive: bool

    def folders(self) -> tuple[str, ...]:
        """The folders of SavedModels, the highest version first, as TensorFlow Serving takes it.

        Each is empty, or ends with a slash.
        """
        found = [name.removesuffix(SAVED_MODEL) for name in self.texts if _is(name, SAVED_MODEL)]
        return tuple(sorted(found, key=_version, reverse=True))

    def labels(self) -> bytes | None:
        """The file of class names, in any folder."""
        return next((text for name, text in self.texts.items() if _is(name, LABELS)), None)


def _is(name: str, file: str) -> bool:
    return name == file or name.endswith(f"/{file}")


def _version(folder: str) -> tuple[int, str]:
    last = folder.rstrip("/").rpartition("/")[2]
    return (int(last) if last.isdecimal() else -1, folder)


def content(where: str) -> Content:
    """List a model's files.

    Args:
        where: a SavedModel's folder, a folder of versions, a ``saved_model.pb`` or a
            ``model.tar.gz``; a path or an S3 URI.

    Raises:
        FileStoreError: there is no SavedModel, or the archive can't be read.
    """
    if where.endswith(ARCHIVES):
        found = _archive(where)
    elif _is(where, SAVED_MODEL):
        folder, name = file_at(where)
        with closing(_opened(folder, name)) as stream:
            data = stream.read()
        found = Content(where=where, sizes={name: len(data)}, texts={name: data}, is_archive=False)
    elif where.endswith(_KERAS) and not Path(where).is_dir():
        raise FileStoreError(f"{where} is no SavedModel: {_from_keras(where)}")
    else:
        found = _folder(where)
    if not found.folders():
        some = ", ".join(list(found.sizes)[:5]) or "nothing"
        keras = [name for name in found.sizes if name.endswith(_KERAS)]
        raise FileStoreError(
            f"{where} has no saved_model.pb in it (it holds {some}): "
            + (f"{_from_keras(keras[0])}, or " if keras else "")
            + "name a SavedModel's folder, a folder of versions, or a model.tar.gz"
        )
    return found


def _from_keras(name: str) -> str:
    return f"make one of {name} with keras.models.load_model({name!r}).export(FOLDER)"


def _folder(where: str) -> Content:
    folder = folder_at(where)
    sizes = {entry.name: entry.size for entry in folder.entries()}
    texts = {}
    for name in sizes:
        if any(_is(name, wanted) for wanted in _WANTED):
            with closing(folder.open(name)) as stream:
                texts[name] = stream.read()
    return Content(where=where, sizes=sizes, texts=texts, is_archive=False)


def _archive(where: str) -> Content:
    folder, name = file_at(where)
    sizes: dict[str, int] = {}
    texts: dict[str, bytes] = {}
    with closing(_opened(folder, name)) as stream:
        try:
            for member, data in _members(stream):
                sizes[member.name.removeprefix("./")] = member.size
                if data is not None:
                    texts[member.name.removeprefix("./")] = data
        except (tarfile.TarError, EOFError, OSError) as error:
            raise FileStoreError(
                f"{where} can't be read as an archive ({error}): make it with tar -czf"
            ) from error
    return Content(where=where, sizes=sizes, texts=texts, is_archive=True)


def _members(stream: Stream) -> Iterator[tuple[tarfile.TarInfo, bytes | None]]:
    """The files of an archive, which is read once and not unpacked."""
    with tarfile.open(fileobj=stream, mode="r|*") as archive:  # type: ignore[call-overload]
        for member in archive:
            if member.isfile():
                file = archive.extractfile(member)
                wanted = any(_is(member.name, one) for one in _WANTED)
                yield member, file.read() if file and wanted else None


def _opened(folder: FileStore, name: str) -> Stream:
    if folder.metadata(name) is None:
        raise FileStoreError(f"{folder.shown(name)} is not there")
    return folder.open(name)
