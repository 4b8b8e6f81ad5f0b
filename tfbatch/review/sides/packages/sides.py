"""The packages of one side: what it pins, and what it was synthesized with."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tfbatch.review.errors import ReviewError
from tfbatch.review.sides import folder as files
from tfbatch.review.sides.packages import environments
from tfbatch.review.sides.packages import lock as locks
from tfbatch.review.sides.packages.environments import Installed, digest, installed_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tfbatch.review.sides.packages.lock import Pin
    from tfbatch.review.sides.runner import Runner


_DECLARED = ("pyproject.toml", "setup.py", "setup.cfg", "poetry.lock", "Pipfile.lock", *locks.LOCKS)
"""Files that name the packages of a checkout, if it has no lock that is read here."""
_TOOLS = ("aws-cdk-lib", "constructs", "cdk-nag", "tfbatch")
_NODE_LOCK = "package-lock.json"
_FILE = "packages.json"
_LONGEST = 40
"""Characters of a version that are shown."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Packages:
    """The packages of one side."""

    lock: str = ""
    """The file that pins them; empty if none does."""
    pins: Mapping[str, str] = field(default_factory=dict)
    """Name -> pinned version or address."""
    hashes: Mapping[str, str] = field(default_factory=dict)
    """Name -> digest of the hashes that its files may have."""
    declared: Mapping[str, str] = field(default_factory=dict)
    """Without a lock: file that names packages -> its digest."""
    node: Mapping[str, str] = field(default_factory=dict)
    """Node.js package that ``package-lock.json`` pins -> version."""
    used: Mapping[str, str] = field(default_factory=dict)
    """The tools of the synthesis -> version with which it was made."""
    problem: str = ""
    """Why the side was not synthesized with the packages that it pins; empty if it was."""


def prepare(root: Path, *, runner: Runner, cache: Path, name: str) -> tuple[Path, Packages]:
    """The Python that synthesizes a checkout, and its packages.

    Args:
        root: the checkout.
        runner: runs uv, without credentials.
        cache: the folder that keeps the environments.
        name: the checkout's name in messages.
    """
    here, installed = Path(sys.executable), installed_in(map(Path, sys.path))
    beside = Packages(node=_node(root), used=_used(installed))
    try:
        lock, text = locks.read(root, runner, name)
        pins = list(locks.pins_of(text, lock))
    except ReviewError as error:
        return here, replace(beside, declared=_declared(root), problem=str(error))
    found = replace(_pinned(lock, pins), node=beside.node, used=beside.used)
    if all(pin.is_met_by(installed) for pin in pins if pin.applies):
        return here, found
    try:
        python = environments.build(text, root, runner=runner, cache=cache, name=name)
    except ReviewError as error:
        return here, replace(found, problem=str(error))
    own = installed_in(python.parents[1].glob("lib/*/site-packages"))
    return python, replace(found, used=_used(own))


def parse(lock: str, text: str) -> Packages:
    """What a lock pins.

    Raises:
        ReviewError: it has a line that is no exact version.
    """
    return _pinned(lock, list(locks.pins_of(text, lock)))


def write(found: Packages, folder: Path) -> None:
    """Write what :func:`read` reads."""
    (folder / _FILE).write_text(json.dumps(asdict(found), indent=1))


def is_own(folder: Path) -> bool:
    """Whether assemblies were made with the side's own packages, as far as it pins any."""
    found = read(folder)
    return not (found.lock and found.problem)


def read(folder: Path) -> Packages:
    """Read the packages of assemblies, which may come from a pull request.

    Raises:
        ReviewError: it can't be read.
    """
    content = files.read_json_if_any(folder, _FILE)
    if content is None:
        return Packages(problem="its assembly doesn't say with which packages it was made")
    try:
        texts = {name: str(content[name]) for name in ("lock", "problem")}
        tables = {
            name: {str(key): str(value) for key, value in content[name].items()}
            for name in ("pins", "hashes", "declared", "node")
        }
        used = {
            tool: str(version)[:_LONGEST]
            for tool, version in content["used"].items()
            if tool in _TOOLS
        }
        return Packages(used=used, **texts, **tables)  # type: ignore[arg-type] # texts and tables
    except (AttributeError, KeyError, TypeError) as error:
        raise ReviewError(f"{_FILE} of the assembly can't be read: synthesize it again") from error


def _pinned(lock: str, pins: Sequence[Pin]) -> Packages:
    hashes = {pin.name: digest("".join(sorted(pin.hashes))) for pin in pins}
    return Packages(lock=lock, pins={pin.name: pin.version for pin in pins}, hashes=hashes)


def _used(installed: Mapping[str, Installed]) -> dict[str, str]:
    return {tool: installed[tool].version for tool in _TOOLS if tool in installed}


def _declared(root: Path) -> dict[str, str]:
    named = [file for file in _DECLARED if locks.is_file(root / file)]
    return {file: digest((root / file).read_text(errors="replace")) for file in named}


def _node(root: Path) -> dict[str, str]:
    """The packages of ``package-lock.json``, of which one is the CDK's command line."""
    if not locks.is_file(root / _NODE_LOCK):
        return {}
    try:
        listed = json.loads((root / _NODE_LOCK).read_text())["packages"].items()
        return {path: str(one.get("version", "")) for path, one in listed if path}
    except (OSError, ValueError, KeyError, AttributeError, RecursionError) as error:
        return {_NODE_LOCK: f"can't be read: {error}"}
