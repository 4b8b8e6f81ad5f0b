"""Reads and writes folders of files, on this machine or in S3."""

from __future__ import annotations

import os
import tempfile
import uuid
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

from tfbatch.aws.session import Session
from tfbatch.terminal.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mypy_boto3_s3 import S3Client

_SCHEME = "s3://"
_CONNECTIONS = 64
_AS_ANYONE = Session()
"""The AWS CLI's own account and region."""


class FileStoreError(Problem):
    """A folder or file doesn't exist, has an invalid name, or a name would leave it."""


class Readable(Protocol):
    """Can be read until no bytes are left."""

    def read(self, size: int = -1, /) -> bytes:
        """At most ``size`` bytes; none at the end."""
        ...


class Stream(Readable, Protocol):
    """An open file."""

    def close(self) -> None:
        """Close it."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A file in a folder."""

    name: str
    """Name below the folder, with slashes."""
    size: int
    """Bytes."""
    modified: float
    """Time of the last change, in seconds since 1970."""


@dataclass(kw_only=True, slots=True)
class Draft:
    """A file that is being written."""

    path: Path
    """Where to write it."""
    metadata: dict[str, str] = field(default_factory=dict)
    """Stored with the file in S3; disks have none."""


class FileStore(Protocol):
    """A folder."""

    def entries(self) -> Iterator[Entry]:
        """All files below it, in the byte order of their names, as S3 lists them."""
        ...

    def open(self, name: str) -> Stream:
        """A file's bytes as a stream."""
        ...

    def metadata(self, name: str) -> Mapping[str, str] | None:
        """The metadata of a file; ``None`` if it doesn't exist, empty on disks."""
        ...

    def writing(self, name: str) -> AbstractContextManager[Draft]:
        """Yield a local path to write. The file appears as a whole when the block succeeds."""
        ...

    def shown(self, name: str) -> str:
        """The file's name for people."""
        ...

    def holds(self, other: FileStore) -> bool:
        """Whether the other folder is this one or below it."""
        ...


def folder_at(text: str, session: Session = _AS_ANYONE) -> FileStore:
    """The folder that ``text`` names: a path, or ``s3://bucket/prefix`` with a session's client.

    Raises:
        FileStoreError: another scheme, or no bucket.
    """
    if text.startswith(_SCHEME):
        bucket, _, prefix = text.removeprefix(_SCHEME).partition("/")
        if not bucket:
            raise FileStoreError(f"{text!r} names no bucket: write it as s3://bucket/folder/")
        prefix = prefix and prefix.rstrip("/") + "/"
        return Bucket(bucket=bucket, prefix=prefix, session=session)
    if "://" in text:
        raise FileStoreError(f"{text!r} is neither a path nor s3://bucket/folder/")
    return Folder(root=Path(text))


def file_at(text: str, session: Session = _AS_ANYONE) -> tuple[FileStore, str]:
    """The folder and name of the file that ``text`` names."""
    parent, _, name = text.rpartition("/")
    if text.startswith(_SCHEME) and text.count("/") < 3:  # noqa: PLR2004 # s3://bucket alone
        raise FileStoreError(f"{text!r} names no object: write it as s3://bucket/folder/name")
    return folder_at(parent or ("/" if text.startswith("/") else "."), session), name


@dataclass(frozen=True, kw_only=True, slots=True)
class Folder:
    """A directory."""

    root: Path

    def entries(self) -> Iterator[Entry]:
        """See :class:`FileStore`. Hidden files and folders are skipped.

        Raises:
            FileStoreError: the directory doesn't exist.
        """
        if not self.root.is_dir():
            raise FileStoreError(f"{self.root} is not a folder: name one that holds the files")
        names = sorted(self._names(), key=os.fsencode)
        for name in names:
            found = (self.root / name).stat()
            yield Entry(name=name, size=found.st_size, modified=found.st_mtime)

    def _names(self) -> Iterator[str]:
        for folder, folders, files in os.walk(self.root, followlinks=True):
            folders[:] = [one for one in folders if not one.startswith(".")]
            below = Path(folder).relative_to(self.root)
            yield from (
                (below / file).as_posix()
                for file in files
                if not file.startswith(".") and Path(folder, file).is_file()
            )

    def open(self, name: str) -> IO[bytes]:
        """See :class:`FileStore`."""
        return (self.root / name).open("rb")

    def metadata(self, name: str) -> Mapping[str, str] | None:
        """See :class:`FileStore`."""
        return {} if (self.root / name).is_file() else None

    @contextmanager
    def writing(self, name: str) -> Iterator[Draft]:
        """See :class:`FileStore`."""
        target = self.root / name
        if not target.resolve().is_relative_to(self.root.resolve()):
            raise FileStoreError(f"{name!r} would lead out of {self.root}")
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{uuid.uuid4().hex}.part")
        part.touch(exist_ok=False)  # with the permissions of any new file, as mkstemp's are not
        try:
            yield Draft(path=part)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)

    def shown(self, name: str) -> str:
        """See :class:`FileStore`."""
        return str(self.root / name)

    def holds(self, other: FileStore) -> bool:
        """See :class:`FileStore`."""
        root = self.root.resolve()
        return isinstance(other, Folder) and other.root.resolve().is_relative_to(root)


@dataclass(frozen=True, kw_only=True, slots=True)
class Bucket:
    """A prefix of an S3 bucket."""

    bucket: str
    prefix: str
    """Empty, or with a trailing slash."""
    session: Session = _AS_ANYONE

    def entries(self) -> Iterator[Entry]:
        """See :class:`FileStore`. The empty objects of consoles for folders are skipped."""
        pages = s3(self.session).get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self.bucket, Prefix=self.prefix):
            for found in page.get("Contents", ()):
                name = found["Key"].removeprefix(self.prefix)
                if name and not (name.endswith("/") and not found["Size"]):
                    yield Entry(
                        name=name, size=found["Size"], modified=found["LastModified"].timestamp()
                    )

    def open(self, name: str) -> Stream:
        """See :class:`FileStore`."""
        return s3(self.session).get_object(Bucket=self.bucket, Key=self.prefix + name)["Body"]

    def metadata(self, name: str) -> Mapping[str, str] | None:
        """See :class:`FileStore`."""
        from botocore.exceptions import ClientError  # noqa: PLC0415 # slow to import

        try:
            return s3(self.session).head_object(Bucket=self.bucket, Key=self.prefix + name)[
                "Metadata"
            ]
        except ClientError as error:
            if error.response["Error"]["Code"] in {"404", "NoSuchKey", "NotFound"}:
                return None
            raise

    @contextmanager
    def writing(self, name: str) -> Iterator[Draft]:
        """See :class:`FileStore`. The file is written to the temporary folder first."""
        with tempfile.TemporaryDirectory(prefix="tfbatch-") as folder:
            draft = Draft(path=Path(folder, "part"))
            yield draft
            s3(self.session).upload_file(
                str(draft.path),
                self.bucket,
                self.prefix + name,
                ExtraArgs={"Metadata": draft.metadata},
            )

    def shown(self, name: str) -> str:
        """See :class:`FileStore`."""
        return f"{_SCHEME}{self.bucket}/{self.prefix}{name}"

    def holds(self, other: FileStore) -> bool:
        """See :class:`FileStore`."""
        if not isinstance(other, Bucket) or other.bucket != self.bucket:
            return False
        return other.prefix.startswith(self.prefix)


@cache
def s3(session: Session) -> S3Client:
    """The session's client, created when first needed. Clients are thread-safe."""
    from botocore.config import Config  # noqa: PLC0415 # slow to import

    retries = {"mode": "standard", "max_attempts": 8}
    config = Config(max_pool_connections=_CONNECTIONS, retries=retries)  # type: ignore[arg-type]
    return session.boto.client("s3", config=config)
