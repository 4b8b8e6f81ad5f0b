"""What several suites share: small SavedModels, exported once."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("export_models.py")


@pytest.fixture(scope="session")
def saved_models(request: pytest.FixtureRequest) -> Path:
    """``image/1``, ``vector/1`` and ``/2``, ``examples/1``: exported once for each TensorFlow."""
    version = importlib.metadata.version("tensorflow")
    key = hashlib.sha256(PROGRAM.read_bytes() + version.encode()).hexdigest()[:16]
    cache = request.config.cache
    assert cache is not None
    folder = cache.mkdir("saved_models") / key
    if not folder.exists():
        made = Path(tempfile.mkdtemp(dir=folder.parent))
        subprocess.run(
            [sys.executable, str(PROGRAM), str(made)],
            check=True,
            timeout=240,
            env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        )
        with contextlib.suppress(OSError):  # another worker was quicker
            made.rename(folder)
    return folder


@pytest.hookimpl(tryfirst=True)  # xdist reads the mark in the same hook
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep each folder's tests in one worker: they share a sandbox, a deployment, a container."""
    for item in items:
        folder = item.path.parent.relative_to(config.rootpath)
        item.add_marker(pytest.mark.xdist_group(folder.as_posix()))
