"""Reads the assets of a cloud assembly: model artifacts, Lambda bundles, single files."""

from __future__ import annotations

import hashlib
import os
import re
import tarfile
import zipfile
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from tfbatch.review.errors import ReviewError
from tfbatch.review.sides import folder as files
from tfbatch_cdk.model.artifact import CODE_ALONE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

_HASH = re.compile(r"[0-9a-f]{64}")
_MOST_BYTES = 64 * 1024 * 1024
"""Of a member that is read."""
_MOST_FILES = 50_000
_MOST_UNPACKED = 4 * 1024**3
_CHUNK = 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """A file of a bundle."""

    digest: str
    """SHA-256 of its contents."""
    size: int
    """In bytes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bundle:
    """An asset by the path of its construct."""

    name: str
    """``Model-efficientnet-lite0/model.tar.gz``"""
    hash: str
    """The hash under which it is deployed, which CloudFormation compares."""
    members: Mapping[str, Member]
    digest: str
    """Digest of the names and contents of its members."""
    source: Path

    @property
    def size(self) -> int:
        """Of all members, in bytes."""
        return sum(member.size for member in self.members.values())

    def read(self, names: Iterable[str]) -> dict[str, bytes]:
        """Read the contents of some members; without those that are too large, or aren't there.

        Raises:
            ReviewError: a member isn't what the listing says.
        """
        wanted = {name for name in names if name in self.members}
        found = dict(self._contents(wanted)) if wanted else {}
        for name, contents in found.items():
            if hashlib.sha256(contents).hexdigest() != self.members[name].digest:
                raise ReviewError(
                    f"{name} of {self.name} isn't what the assembly lists: synthesize it again"
                )
        return found

    def _contents(self, wanted: set[str]) -> Iterator[tuple[str, bytes]]:
        if self.source.is_dir():
            for name in wanted:
                path = files.inside(self.source, name)
                if path.is_file() and path.stat().st_size <= _MOST_BYTES:
                    yield name, path.read_bytes()
        elif zipfile.is_zipfile(self.source):
            with zipfile.ZipFile(self.source) as archive:
                for name in wanted:
                    with archive.open(name) as file:
                        yield from _bounded(name, file)
        elif self.source.name.endswith(".tar.gz"):
            yield from _from_tarball(self.source, wanted)
        elif self.source.stat().st_size <= _MOST_BYTES:
            yield "", self.source.read_bytes()


def bundles_of(manifest: Path) -> Iterator[Bundle]:
    """The assets of a stack's ``*.assets.json``, except its template."""
    folder = manifest.parent
    for key, file in files.read_json(folder, manifest.name)["files"].items():
        hashed = _HASH.search(key)
        digest = hashed[0] if hashed else key
        # Of a model whose lock alone was there, the assembly has the code.
        code = f"asset.{digest}.{CODE_ALONE}"
        source = files.inside(folder, file["source"].get("path", code))
        if source.name.endswith(".template.json") or not source.exists():
            continue
        listing = manifest.with_name(f"asset.{digest}.members.json")
        members = _listed(listing) if listing.is_file() else _members(source)
        yield Bundle(
            name=_name(file, source, stack=manifest.name.removesuffix(".assets.json")),
            hash=digest,
            members=members,
            digest=_digest(members),
            source=source,
        )


def _digest(members: Mapping[str, Member]) -> str:
    listing = "".join(f"{name}\0{one.digest}\n" for name, one in sorted(members.items()))
    return hashlib.sha256(listing.encode()).hexdigest()


def _name(file: Mapping[str, Any], source: Path, *, stack: str) -> str:
    """The path of its construct, without the stack and the CDK's last part."""
    path: str = file.get("displayName") or source.name
    return path.removeprefix(f"{stack}/").removesuffix("/Code").removesuffix("/Stage")


def _listed(listing: Path) -> dict[str, Member]:
    rows = files.read_json(listing.parent, listing.name)["members"]
    return {name: Member(digest=row["sha256"], size=row["bytes"]) for name, row in rows.items()}


def _members(source: Path) -> dict[str, Member]:
    if source.is_dir():
        paths = sorted(path for path in source.rglob("*") if path.is_symlink() or path.is_file())
        if len(paths) > _MOST_FILES:
            raise ReviewError(f"{source.name} has more than {_MOST_FILES:,} files")
        return {str(path.relative_to(source)): _member_of(path) for path in paths}
    if zipfile.is_zipfile(source):
        with zipfile.ZipFile(source) as archive:
            return {info.filename: _zipped(archive, info) for info in _files_of(archive)}
    return {"": _member_of(source)}


def _member_of(path: Path) -> Member:
    """A file by its contents; a symbolic link by its target, which isn't read."""
    if path.is_symlink():
        target = os.fsencode(path.readlink())
        return Member(digest=hashlib.sha256(b"link to " + target).hexdigest(), size=len(target))
    with path.open("rb") as file:
        return Member(
            digest=hashlib.file_digest(file, "sha256").hexdigest(), size=path.stat().st_size
        )


def _files_of(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    found = [info for info in archive.infolist() if not info.is_dir()]
    if len(found) > _MOST_FILES or sum(info.file_size for info in found) > _MOST_UNPACKED:
        raise ReviewError(
            f"{archive.filename} has more than {_MOST_FILES:,} files, or {_MOST_UNPACKED:,} bytes"
        )
    return found


def _zipped(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member:
    with archive.open(info) as file:
        digest = hashlib.sha256()
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
        return Member(digest=digest.hexdigest(), size=info.file_size)


def _from_tarball(source: Path, wanted: set[str]) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(source, "r|gz") as archive:
        for entry in archive:
            if entry.name in wanted and entry.isfile() and (file := archive.extractfile(entry)):
                yield from _bounded(entry.name, file)


def _bounded(name: str, file: IO[bytes]) -> Iterator[tuple[str, bytes]]:
    contents = file.read(_MOST_BYTES + 1)
    if len(contents) <= _MOST_BYTES:
        yield name, contents
