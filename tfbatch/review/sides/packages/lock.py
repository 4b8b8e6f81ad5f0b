"""Reads the exact versions that a checkout's lock pins."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from uv import find_uv_bin

from tfbatch.review.errors import ReviewError
from tfbatch.review.sides.packages.environments import UV
from tfbatch_cdk.model.vendoring import reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tfbatch.review.sides.packages.environments import Installed
    from tfbatch.review.sides.runner import Runner


LOCKS = ("requirements/all.lock", "uv.lock", "requirements.txt")
"""The first one that a checkout has is its lock."""
_NO_LOCK = f"it has no lock of exact versions ({', '.join(LOCKS)})"
_EXPORT = ("export", "--frozen", "--no-emit-project", "--no-header", "--no-annotate")


@dataclass(frozen=True, kw_only=True, slots=True)
class Pin:
    """A line of a lock."""

    requirement: Requirement
    hashes: tuple[str, ...]

    @property
    def applies(self) -> bool:
        """Whether this Python installs it."""
        marker = self.requirement.marker
        return marker is None or marker.evaluate()

    @property
    def name(self) -> str:
        """With its marker, where another Python installs it."""
        name = canonicalize_name(self.requirement.name)
        return name if self.applies else f"{name} ({self.requirement.marker})"

    @property
    def version(self) -> str:
        """The exact version, or the address."""
        return self.requirement.url or str(self.requirement.specifier).lstrip("=")

    def is_met_by(self, installed: Mapping[str, Installed]) -> bool:
        """Whether it is installed. Of an address, PEP 610's ``direct_url.json`` tells."""
        found = installed.get(canonicalize_name(self.requirement.name))
        if found is None or self.requirement.url is None:
            return found is not None and self.requirement.specifier.contains(
                found.version, prereleases=True
            )
        file = found.folder / "direct_url.json"
        origin = json.loads(file.read_text()) if file.is_file() else {}
        parts = (origin.get("url"), origin.get("vcs_info", {}).get("commit_id", ""))
        return all(part is not None and part in self.version for part in parts)


def read(root: Path, runner: Runner, name: str) -> tuple[str, str]:
    """The name of a checkout's lock, and its requirements.

    Raises:
        ReviewError: it has none, or one that can't be read.
    """
    found = next((file for file in LOCKS if is_file(root / file)), None)
    if found is None:
        raise ReviewError(_NO_LOCK)
    if found != "uv.lock":
        return found, (root / found).read_text(errors="replace")
    ended = runner.run(
        [find_uv_bin(), *UV, *_EXPORT], folder=root, name=name, variables={"UV_OFFLINE": "1"}
    )
    if ended.code:
        raise ReviewError(f"uv.lock can't be read: {reason(ended.error)}")
    return found, ended.printed


def is_file(path: Path) -> bool:
    """Whether a checkout has this file itself."""
    return path.is_file() and not path.is_symlink()


def pins_of(text: str, lock: str) -> Iterator[Pin]:
    """The pins of a lock. Other files, and the address of an index, are no pins.

    Raises:
        ReviewError: a line is no exact version.
    """
    for line in text.replace("\\\n", " ").splitlines():
        words = re.sub(r"(^|\s)#.*", "", line).strip()
        if not words or re.match(r"--(extra-)?index-url|--only-binary|--no-binary", words):
            continue
        body, *hashes = re.split(r"\s--hash[= ]", words)
        try:
            pin = Pin(requirement=Requirement(body), hashes=tuple(map(str.strip, hashes)))
        except InvalidRequirement:
            raise ReviewError(f"{lock} has `{body[:100]}`, which pins no version") from None
        if pin.requirement.url is None and not re.fullmatch(
            r"===?[^*,]+", str(pin.requirement.specifier)
        ):
            raise ReviewError(f"{lock} has `{body[:100]}`, without an exact version")
        yield pin
