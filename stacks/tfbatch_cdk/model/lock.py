"""Reads and writes a model's lock: where it comes from, its files' digests and its signatures.

``models/NAME.lock.json`` stands beside the folder ``models/NAME`` and is committed. The folder
isn't. A synthesis from the lock alone gives the same template and the same asset hash as one from
the files.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tfbatch_cdk.errors import SettingsError
from tfbatch_handler.signature import Signature, Tensor

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FORMAT: Final = 1
"""Version of the file format."""

_SUFFIX = ".lock.json"
_PACKAGE = re.compile(r"arn:[\w-]+:sagemaker:[a-z0-9-]+:\d{12}:model-package/.+")
_FIELDS = {"lock", "source", "version", "tensorflow", "labels", "files", "signatures"}
_DIGEST_LENGTH = 64


class LockError(SettingsError):
    """A lock can't be read, or the model's files aren't the locked ones."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LockedFile:
    """A file of a model."""

    sha256: str
    """Of its contents, in hexadecimal."""
    size: int
    """In bytes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lock:
    """The content of a lock file."""

    source: str
    """A folder or an archive: a path (a relative one begins at the project), ``s3://…`` or
    ``https://…``. Or the ARN of a model package."""
    version: str
    """Name of the folder of the locked version, a whole number."""
    files: Mapping[str, LockedFile]
    """By their names in the model's folder: ``1/saved_model.pb``, ``labels.txt``."""
    signatures: Mapping[str, Signature]
    """Of its ``saved_model.pb``, by name."""
    tensorflow: str
    """The TensorFlow version that wrote it; empty if unknown."""
    labels: Mapping[str, int]
    """Files of class names -> how many they have."""

    @property
    def size(self) -> int:
        """Of all files, in bytes."""
        return sum(file.size for file in self.files.values())

    def text(self) -> str:
        """The file's content; equal for equal locks."""
        document = {
            "lock": FORMAT,
            "source": self.source,
            "version": self.version,
            "tensorflow": self.tensorflow,
            "labels": dict(sorted(self.labels.items())),
            "files": {
                name: {"sha256": one.sha256, "bytes": one.size}
                for name, one in sorted(self.files.items())
            },
            "signatures": {
                name: {
                    "method": one.method,
                    "inputs": tensors(one.inputs),
                    "outputs": tensors(one.outputs),
                }
                | ({"unrestored": list(one.unrestored)} if one.unrestored else {})
                for name, one in sorted(self.signatures.items())
            },
        }
        return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def is_package(source: str) -> bool:
    """Whether a source is the ARN of a model package of SageMaker Model Registry."""
    return _PACKAGE.fullmatch(source) is not None


def path_of(directory: Path) -> Path:
    """The lock of the model in ``directory``: ``models/NAME.lock.json`` for ``models/NAME``."""
    return directory.with_name(directory.name + _SUFFIX)


def directory_of(lock: Path) -> Path:
    """The folder of the model of a lock file."""
    return lock.with_name(lock.name.removesuffix(_SUFFIX))


def read(path: Path) -> Lock | None:
    """The lock in a file; ``None`` if there is no such file.

    Raises:
        LockError: it isn't a lock.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    return parse(data, where=str(path))


def parse(data: bytes, *, where: str) -> Lock:
    """Read a lock from its bytes, such as those of a commit.

    Args:
        data: the content of a lock file.
        where: its name in messages.

    Raises:
        LockError: it isn't a lock, or one of a newer tfbatch.
    """
    try:
        return _lock(json.loads(data))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        name = where.rpartition("/")[2].removesuffix(_SUFFIX)
        raise LockError(
            f"{where} can't be read as a model's lock ({error!r}): restore it from Git, or write "
            f"it again with 'tfbatch model add {name} SOURCE'"
        ) from None


def _lock(document: Mapping[str, Any]) -> Lock:
    if document["lock"] != FORMAT or document.keys() != _FIELDS:
        found = ", ".join(sorted(document.keys() ^ _FIELDS)) or f"version {document['lock']}"
        raise ValueError(f"not of this tfbatch's format: {found}")
    files = {name: _file(name, row) for name, row in document["files"].items()}
    version = str(document["version"])
    if f"{version}/saved_model.pb" not in files:
        raise ValueError(f"no file {version}/saved_model.pb")
    return Lock(
        source=str(document["source"]),
        version=version,
        files=files,
        signatures={
            name: _signature(row, name=name, tensorflow=str(document["tensorflow"]))
            for name, row in document["signatures"].items()
        },
        tensorflow=str(document["tensorflow"]),
        labels={str(name): int(count) for name, count in document["labels"].items()},
    )


def _file(name: str, row: Mapping[str, Any]) -> LockedFile:
    """Check a name too: a fetch writes a file there."""
    parts = name.split("/")
    if any(part in {"", ".", ".."} for part in parts) or "\\" in name:
        raise ValueError(f"{name!r} is not a file below the model's folder")
    sha256, size = str(row["sha256"]), int(row["bytes"])
    if len(sha256) != _DIGEST_LENGTH or int(sha256, 16) < 0 or size < 0:
        raise ValueError(f"{name}: no SHA-256 or size")
    return LockedFile(sha256=sha256, size=size)


def tensors(found: Mapping[str, Tensor]) -> dict[str, Any]:
    """Tensors as JSON: type, shape (sizes, -1 if not fixed) and name in the graph."""
    return {
        name: {
            "dtype": one.dtype,
            "shape": None if one.shape is None else list(one.shape),
            "tensor": one.name,
        }
        for name, one in sorted(found.items())
    }


def _signature(row: Mapping[str, Any], *, name: str, tensorflow: str) -> Signature:
    return Signature(
        inputs={name: _tensor(one) for name, one in row["inputs"].items()},
        outputs={name: _tensor(one) for name, one in row["outputs"].items()},
        method=str(row["method"]),
        unrestored=tuple(map(str, row.get("unrestored", ()))),
        name=name,
        tensorflow_version=tensorflow,
    )


def _tensor(row: Mapping[str, Any]) -> Tensor:
    shape = row["shape"]
    return Tensor(
        name=str(row["tensor"]),
        dtype=str(row["dtype"]),
        shape=None if shape is None else tuple(int(size) for size in shape),
    )
