"""A handler in front of the sandbox's model server, with the models of these cases."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.tfbatch_handler.records.cases import CASES
from tests.tfbatch_sandbox.model_server.model_servers import started
from tfbatch_handler.handler import Handler
from tfbatch_sandbox.processes import supervision

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = Path(__file__).with_name("export_models.py")


@pytest.fixture(scope="session")
def exported(request: pytest.FixtureRequest) -> Path:
    """The models, and the predictions of plain TensorFlow: once for each version of them."""
    wanted = json.dumps(
        [
            (case.model, record)
            for case in CASES
            for record in case.records
            if isinstance(record, dict)
        ]
    )
    version = importlib.metadata.version("tensorflow")
    key = hashlib.sha256(PROGRAM.read_bytes() + f"{version}{wanted}".encode()).hexdigest()[:16]
    folder = request.config.rootpath / ".cache" / "record_models" / key
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=folder.parent))
        (made / "wanted.json").write_text(wanted)
        environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
        command = [sys.executable, str(PROGRAM), str(made)]
        subprocess.run(command, check=True, timeout=240, env=environment)
        with contextlib.suppress(OSError):  # another worker was quicker
            made.rename(folder)
    return folder


@pytest.fixture(scope="session")
def predicted(exported: Path) -> dict[str, Any]:
    """Plain TensorFlow's outputs, by model and inputs."""
    wanted, found = (
        json.loads((exported / f"{name}.json").read_text()) for name in ("wanted", "predicted")
    )
    return {json.dumps(key): value for key, value in zip(wanted, found, strict=True)}


@pytest.fixture(scope="session")
def server(exported: Path) -> Iterator[str]:
    """The model server's URL."""
    names = [path.parent.name for path in exported.glob("*/1")]
    process, url = started(exported, models=names)
    yield url
    supervision.stop(process)


@pytest.fixture(scope="session")
def handler() -> Iterator[Handler]:
    handler = Handler(code=Path(), environment={})
    yield handler
    handler.close()
