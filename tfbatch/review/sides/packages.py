"""The packages with which a side is synthesized: those that its lock pins.

The installed packages serve where they are the pinned ones. Elsewhere uv builds an environment from
the lock and keeps it. A lock is code: a package runs at the synthesis, and a source distribution
already when it is built. So this happens where the side's code runs anyway, and nowhere else.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
import tempfile
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from uv import find_uv_bin

from tfbatch.review.errors import ReviewError
from tfbatch.review.sides import folder as files
from tfbatch_cdk.model.vendoring import reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tfbatch.review.sides.runner import Runner

LOCKS = ("requirements/all.lock", "uv.lock", "requirements.txt")
"""The first one that a checkout has is its lock."""
_DECLARED = ("pyproject.toml", "setup.py", "setup.cfg", "poetry.lock", "Pipfile.lock", *LOCKS)
"""Files that name the packages of a checkout, if it has no lock that is read here."""
_TOOLS = ("aws-cdk-lib", "constructs", "cdk-nag", "tfbatch")
_FILE = "packages.json"
_UV = ("--system-certs", "--quiet", "--no-progress", "--color", "never")
_NO_LOCK = f"it has no lock of exact versions ({', '.join(LOCKS)})"
_EXPORT = ("export", "--frozen", "--no-emit-project", "--no-header", "--no-annotate")


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
    used: Mapping[str, str] = field(default_factory=dict)
    """The tools of the synthesis -> version with which it was made."""
    problem: str = ""
    """Why the side was not synthesized with the packages that it pins; empty if it was."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Pin:
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

    def is_met_by(self, installed: Mapping[str, _Installed]) -> bool:
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


class _Installed(NamedTuple):
    """A package that is installed. Its ``.dist-info`` folder names it and its version."""

    version: str
    folder: Path


def prepare(root: Path, *, runner: Runner, cache: Path, name: str) -> tuple[Path, Packages]:
    """The Python that synthesizes a checkout, and its packages.

    Args:
        root: the checkout.
        runner: runs uv, without credentials.
        cache: the folder that keeps the environments.
        name: the checkout's name in messages.
    """
    here, installed = Path(sys.executable), _installed(map(Path, sys.path))
    try:
        lock, text = _lock(root, runner, name)
        pins = list(_pins(text, lock))
    except ReviewError as error:
        declared = _declared(root)
        return here, Packages(declared=declared, used=_used(installed), problem=str(error))
    found = replace(_pinned(lock, pins), used=_used(installed))
    if all(pin.is_met_by(installed) for pin in pins if pin.applies):
        return here, found
    try:
        python = _environment(text, root, runner=runner, cache=cache, name=name)
    except ReviewError as error:
        return here, replace(found, problem=str(error))
    own = _installed(python.parents[1].glob("lib/*/site-packages"))
    return python, replace(found, used=_used(own))


def parse(lock: str, text: str) -> Packages:
    """What a lock pins.

    Raises:
        ReviewError: it has a line that is no exact version.
    """
    return _pinned(lock, list(_pins(text, lock)))


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
            for name in ("pins", "hashes", "declared", "used")
        }
        return Packages(**texts, **tables)  # type: ignore[arg-type] # texts and tables are apart
    except (AttributeError, KeyError, TypeError) as error:
        raise ReviewError(f"{_FILE} of the assembly can't be read: synthesize it again") from error


def _pinned(lock: str, pins: Sequence[_Pin]) -> Packages:
    hashes = {pin.name: _digest("".join(sorted(pin.hashes))) for pin in pins}
    return Packages(lock=lock, pins={pin.name: pin.version for pin in pins}, hashes=hashes)


def _used(installed: Mapping[str, _Installed]) -> dict[str, str]:
    return {tool: installed[tool].version for tool in _TOOLS if tool in installed}


def _declared(root: Path) -> dict[str, str]:
    named = [file for file in _DECLARED if _is_file(root / file)]
    return {file: _digest((root / file).read_text(errors="replace")) for file in named}


def _lock(root: Path, runner: Runner, name: str) -> tuple[str, str]:
    """The lock of a checkout, and its requirements."""
    found = next((file for file in LOCKS if _is_file(root / file)), None)
    if found is None:
        raise ReviewError(_NO_LOCK)
    if found != "uv.lock":
        return found, (root / found).read_text(errors="replace")
    ended = runner.run(
        [find_uv_bin(), *_UV, *_EXPORT], folder=root, name=name, variables={"UV_OFFLINE": "1"}
    )
    if ended.code:
        raise ReviewError(f"uv.lock can't be read: {reason(ended.error)}")
    return found, ended.printed


def _is_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _pins(text: str, lock: str) -> Iterator[_Pin]:
    """The pins of a lock. Other files, and the address of an index, are no pins."""
    for line in text.replace("\\\n", " ").splitlines():
        words = re.sub(r"(^|\s)#.*", "", line).strip()
        if not words or re.match(r"--(extra-)?index-url|--only-binary|--no-binary", words):
            continue
        body, *hashes = re.split(r"\s--hash[= ]", words)
        try:
            pin = _Pin(requirement=Requirement(body), hashes=tuple(map(str.strip, hashes)))
        except InvalidRequirement:
            raise ReviewError(f"{lock} has `{body[:100]}`, which pins no version") from None
        if pin.requirement.url is None and not re.fullmatch(
            r"===?[^*,]+", str(pin.requirement.specifier)
        ):
            raise ReviewError(f"{lock} has `{body[:100]}`, without an exact version")
        yield pin


def _installed(path: Iterable[Path]) -> dict[str, _Installed]:
    """The first package of each name, which is the one that is imported."""
    found: dict[str, _Installed] = {}
    for folder in (folder for entry in path for folder in entry.glob("*.dist-info")):
        name, _, version = folder.stem.partition("-")
        found.setdefault(canonicalize_name(name), _Installed(version, folder))
    return found


def _environment(text: str, root: Path, *, runner: Runner, cache: Path, name: str) -> Path:
    """The Python of an environment with the packages of a lock, from the cache if it has it.

    Raises:
        ReviewError: it can't be built, for example without a network.
    """
    target = cache / f"environment-{_digest(text + sys.version + sys.platform)[:32]}"
    if not target.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="making-", dir=cache) as directory:
            made = Path(directory) / "environment"
            _build(made, text, root, runner=runner, name=name)
            if not target.is_dir():
                made.rename(target)
    os.utime(target)
    return target / "bin" / "python"


def _build(made: Path, text: str, root: Path, *, runner: Runner, name: str) -> None:
    requirements = made.with_name("requirements.txt")
    requirements.write_text(text)
    python = ("--python", str(made / "bin" / "python"))
    tried = [
        ("venv", "--relocatable", "--no-project", "--python", sys.executable, str(made)),
        # What uv has kept of an exact version needs no network.
        ("pip", "sync", *python, "--offline", str(requirements)),
        ("pip", "sync", *python, str(requirements)),
    ]
    for command in tried:
        uv = [find_uv_bin(), *_UV, *command]
        ended = runner.run(uv, folder=root, name=name, variables={})
        if not ended.code and "pip" in command:
            return
    raise ReviewError(reason(ended.error))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
