"""Replaces compiled packages of ``code/lib`` with builds for this Python.

An artifact has wheels for the image's Python, which this Python may not be able to import. uv
unpacks the same versions for this Python, outside the container, because it may be isolated. The
container finds them first.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from packaging.tags import parse_tag, sys_tags
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

FOLDER: Final = "fitting"
"""Beside the unpacked artifact: links to the packages that the container finds first."""
_CACHE: Final = Path(sys.prefix) / FOLDER
_TAG: Final = re.compile(r"^Tag: (.+)$", re.MULTILINE)
_DOWNLOADS: Final = "SANDBOX_DOWNLOADS"
_NETWORK: Final = re.compile(r"UV_|SSL_CERT_|XDG_|(https?|all|no)_proxy$", re.IGNORECASE)
_THIS: Final = f"Python {sys.version_info.major}.{sys.version_info.minor} on {sys.platform}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Package:
    """A package of ``code/lib`` that this Python can't import."""

    name: str
    version: str
    tag: str
    """Its wheel's tag: ``cp312-cp312-manylinux_2_28_x86_64``."""

    def __str__(self) -> str:
        """For the log."""
        return f"{self.name} {self.version} ({self.tag})"


def fit(model_dir: Path, say: Callable[[str], object], *, cache: Path = _CACHE) -> None:
    """Put packages for this Python beside an unpacked artifact, if needed.

    Args:
        model_dir: stands for ``/opt/ml/model``.
        say: adds a line to the container's log.
        cache: folder of unpacked packages.
    """
    for package in unfit(model_dir / "code" / "lib"):
        folder = cache / f"{package.name}-{package.version}"
        try:
            if not folder.is_dir():
                _unpack(package, folder)
            link = model_dir.parent / FOLDER / package.name
            link.parent.mkdir(exist_ok=True)
            link.symlink_to(folder, target_is_directory=True)
            say(f"sandbox: code/lib has {package}; in its place, the same for {_THIS}")
        except (OSError, subprocess.CalledProcessError) as error:
            reason = getattr(error, "stderr", None) or str(error)
            say(
                f"sandbox: code/lib has {package}, which {_THIS} can't import, and the same "
                f"version for it can't be had: {' '.join(reason.split())}. Run the sandbox on the "
                "image's Python, or lock a version that has a wheel for both"
            )


def unfit(lib: Path) -> Iterator[Package]:
    """The packages that this Python can't import, by their wheels' tags."""
    supported = frozenset(sys_tags())
    for folder in sorted(lib.glob("*.dist-info")):
        wheel = folder / "WHEEL"
        tags = _TAG.findall(wheel.read_text("utf-8", "replace")) if wheel.is_file() else []
        if tags and not any(parse_tag(tag) & supported for tag in tags):
            name, version = folder.name.removesuffix(".dist-info").rsplit("-", 1)
            yield Package(name=canonicalize_name(name), version=version, tag=tags[0])


def downloads(environment: Mapping[str, str]) -> dict[str, str]:
    """How packages are fetched (mirrors, proxies, certificates), as one variable for a child.

    The processes that start containers have an environment of the sandbox's making.
    """
    chosen = {name: value for name, value in environment.items() if _NETWORK.match(name)}
    return {_DOWNLOADS: json.dumps(chosen)}


def environment() -> dict[str, str]:
    """This process's environment with those settings."""
    if _DOWNLOADS not in os.environ:
        return dict(os.environ)
    chosen: dict[str, str] = json.loads(os.environ[_DOWNLOADS])
    return {name: value for name, value in os.environ.items() if not _NETWORK.match(name)} | chosen


def _unpack(package: Package, folder: Path) -> None:
    """Create ``folder`` completely or not at all.

    Raises:
        CalledProcessError: there is no such wheel, or no network.
    """
    from uv import find_uv_bin  # noqa: PLC0415 # only needed if the cache has nothing

    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        made = Path(temporary) / "lib"
        command = [
            *(
                find_uv_bin(),
                "--system-certs",
                "pip",
                "install",
                "--quiet",
                "--no-progress",
                "--color",
                "never",
            ),
            *("--python", sys.executable, "--target", str(made), "--link-mode", "copy"),
            *("--only-binary", ":all:", "--no-deps", "--", f"{package.name}=={package.version}"),
        ]
        subprocess.run(command, env=environment(), capture_output=True, text=True, check=True)
        with contextlib.suppress(OSError):  # another job was quicker
            made.rename(folder)
