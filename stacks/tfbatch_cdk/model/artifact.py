"""Collects the members of ``model.tar.gz``: the SavedModel and ``code/``.

The TensorFlow Serving container defines the layout: ``<version>/saved_model.pb`` in a folder with a
number as its name, the handler ``code/inference.py``, and its packages in ``code/lib``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import tfbatch_handler
from tfbatch_cdk.errors import SettingsError
from tfbatch_cdk.model import own_code, saved_model
from tfbatch_cdk.model.saved_model import Member, files_below
from tfbatch_functions.planning.tarball import digest_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfbatch_cdk.settings import Model

HANDLER = Path(tfbatch_handler.__file__).parent
"""The library's handler package."""
_ENTRY_POINT = "inference.py"
CODE_ALONE: Final = "code.tar.gz"
"""``asset.<digest>.code.tar.gz`` of an assembly has an artifact's members without its model, if
only the model's lock was there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Artifact:
    """The members of a ``model.tar.gz`` by their names in it."""

    members: Mapping[str, Member]

    @property
    def is_here(self) -> bool:
        """Whether every file is on this machine; of a model's lock alone, its files aren't."""
        return all(member.source is not None for member in self.members.values())

    def sources(self) -> dict[str, Path]:
        """The files that are on this machine, by their names in the archive."""
        return {name: one.source for name, one in self.members.items() if one.source is not None}

    @property
    def digest(self) -> str:
        """SHA-256 of names and contents: equal for equal artifacts."""
        return digest_of((name, member.digest) for name, member in self.members.items())

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
        SettingsError: the model is missing or isn't what its lock says, the handler doesn't
            support its signature, it doesn't give the requested output, or its own code can't be
            used.
    """
    saved_model.signature_of(model)
    files = saved_model.contents_of(model).files
    sources = {f"code/{name}": path for name, path in _code(model).items()}
    sources |= _library(packages or {}, existing=sources)
    members = {name: saved_model.member(path) for name, path in sources.items()}
    labels = model.handler.labels
    members |= {f"code/{name}" if name == labels else name: one for name, one in files.items()}
    return Artifact(members=members)


def _code(model: Model) -> dict[str, Path]:
    """The files of ``code/``: the library's, and the model's own, which may replace them.

    A ``tfbatch_handler`` folder of one's own replaces the library's as a whole.
    """
    own = {} if model.code is None else dict(files_below(own_code.checked(model.code)))
    files = {_ENTRY_POINT: entry_point()}
    if not any(name.startswith(f"{HANDLER.name}/") for name in own):
        files |= {f"{HANDLER.name}/{name}": path for name, path in files_below(HANDLER)}
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
