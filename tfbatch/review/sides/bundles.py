"""Reads the assets of a cloud assembly: model artifacts, Lambda bundles, single files."""

from __future__ import annotations

import hashlib
import json
import tarfile
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tfbatch_cdk.model.artifact import CODE_ALONE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

_HASH_LENGTH = 64


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
        """Read the contents of some members."""
        wanted = set(names)
        if not wanted:
            return {}
        if self.source.is_dir():
            return {name: (self.source / name).read_bytes() for name in wanted}
        if zipfile.is_zipfile(self.source):
            with zipfile.ZipFile(self.source) as archive:
                return {name: archive.read(name) for name in wanted}
        if self.source.name.endswith(".tar.gz"):
            return dict(_from_tarball(self.source, wanted))
        return {self.source.name: self.source.read_bytes()}


def bundles_of(manifest: Path) -> Iterator[Bundle]:
    """The assets of a stack's ``*.assets.json``, except its template."""
    for key, file in json.loads(manifest.read_text())["files"].items():
        digest = key[:_HASH_LENGTH]
        # Of a model whose lock alone was there, the assembly has the code.
        code = f"asset.{digest}.{CODE_ALONE}"
        source = manifest.parent / file["source"].get("path", code)
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
    rows = json.loads(listing.read_text())["members"]
    return {name: Member(digest=row["sha256"], size=row["bytes"]) for name, row in rows.items()}


def _members(source: Path) -> dict[str, Member]:
    if source.is_dir():
        files = sorted(path for path in source.rglob("*") if path.is_file())
        return {str(path.relative_to(source)): _member(path.read_bytes()) for path in files}
    if zipfile.is_zipfile(source):
        with zipfile.ZipFile(source) as archive:
            names = [info.filename for info in archive.infolist() if not info.is_dir()]
            return {name: _member(archive.read(name)) for name in names}
    return {"": _member(source.read_bytes())}


def _member(contents: bytes) -> Member:
    return Member(digest=hashlib.sha256(contents).hexdigest(), size=len(contents))


def _from_tarball(source: Path, wanted: set[str]) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(source, "r|gz") as archive:
        for entry in archive:
            if entry.name in wanted and (file := archive.extractfile(entry)):
                yield entry.name, file.read()
