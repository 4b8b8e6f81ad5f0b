"""Collects the members of ``model.tar.gz``: the SavedModel and ``code/``.

The TensorFlow Serving container defines the layout: ``<version>/saved_model.pb`` in a folder with a
number as its name, the handler ``code/inference.py``, and its packages in ``code/lib``.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import tfbatch_handler
from tfbatch_cdk.errors import SettingsError
from tfbatch_cdk.model import own_code, saved_model

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tfbatch_cdk.settings import Model

HANDLER = Path(tfbatch_handler.__file__).parent
"""The library's handler package."""
_ENTRY_POINT = "inference.py"


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """One file of an artifact."""

    source: Path
    digest: str
    """SHA-256 of the contents, in hexadecimal."""
    size: int
    """In bytes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Artifact:
    """The members of a ``model.tar.gz`` by their names in it."""

    members: Mapping[str, Member]

    @property
    def digest(self) -> str:
        """SHA-256 of names and contents: equal for equal artifacts."""
        listing = "".join(
            f"{name}\0{member.digest}\n" for name, member in sorted(self.members.items())
        )
        return hashlib.sha256(listing.encode()).hexdigest()

    def listing(self) -> str:
        """The members with their digests and sizes, as JSON for the review."""
        rows = {
            name: {"sha256": member.digest, "bytes": member.size}
            for name, member in sorted(self.members.items())
        }
        return json.dumps({"members": rows}, indent=1) + "\n"


def artifact_of(model: Model, *, packages: Mapping[str, Path] | None = None) -> Artifact:
    """Collect a model's artifact.

    Args:
        model: only its newest version is included; each version uses GPU memory.
        packages: the files of ``code/lib``, by their names there.

    Raises:
        SettingsError: the model's directory is missing or has no version, the handler doesn't
            support the model's signature, the model doesn't give the requested output, or the
            model's own code can't be used.
    """
    version = saved_model.newest_version(model)
    saved_model.signature_of(model)
    sources = {f"{version.name}/{name}": path for name, path in _files(version)}
    sources |= {f"code/{name}": path for name, path in _code(model).items()}
    sources |= _library(packages or {}, existing=sources)
    labels = model.directory / model.handler.labels
    if labels.is_file():
        sources[f"code/{model.handler.labels}"] = labels
    return Artifact(members={name: _member(path) for name, path in sources.items()})


def _code(model: Model) -> dict[str, Path]:
    """The files of ``code/``: the library's, and the model's own, which may replace them.

    A ``tfbatch_handler`` folder of one's own replaces the library's as a whole.
    """
    own = {} if model.code is None else dict(_files(own_code.checked(model.code)))
    files = {_ENTRY_POINT: entry_point()}
    if not any(name.startswith(f"{HANDLER.name}/") for name in own):
        files |= {f"{HANDLER.name}/{name}": path for name, path in _files(HANDLER)}
    return files | {name: path for name, path in own.items() if name != own_code.LOCK}


def entry_point() -> Path:
    """The library's ``inference.py``: beside this module in a wheel, else in ``model_code/``."""
    beside = Path(__file__).with_name(_ENTRY_POINT)
    return beside if beside.is_file() else HANDLER.parent / _ENTRY_POINT


def _library(packages: Mapping[str, Path], *, existing: Mapping[str, Path]) -> dict[str, Path]:
    """The members of ``code/lib``.

    Raises:
        SettingsError: a package is already in ``code/lib``, or there is a ``requirements.txt``,
            which the container would install at every start.
    """
    if "code/requirements.txt" in existing:
        raise SettingsError(
            f"{existing['code/requirements.txt']}: the container would install it at every start, "
            "which takes minutes and needs a network, and ignores it if there is code/lib; lock it "
            f"(`uv pip compile --generate-hashes`), as {own_code.LOCK} in its place"
        )
    library = {f"code/lib/{name}": path for name, path in packages.items()}
    twice = sorted(library.keys() & existing.keys())
    if twice:
        raise SettingsError(
            f"{existing[twice[0]]} is also among the packages of {own_code.LOCK} or "
            "Model.requirements: remove one"
        )
    return library


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every file below a folder except caches and hidden files, with its relative name."""
    for path in folder.rglob("*"):
        parts = path.relative_to(folder).parts
        hidden = any(part.startswith(".") or part == "__pycache__" for part in parts)
        if path.is_file() and not hidden and path.suffix != ".pyc":
            yield "/".join(parts), path


def _member(path: Path) -> Member:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Member(source=path, digest=digest, size=path.stat().st_size)
