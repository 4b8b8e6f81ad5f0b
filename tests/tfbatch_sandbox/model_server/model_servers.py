"""Starts model servers for tests, and asks them."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import requests

from tfbatch_sandbox.container.host.launch import free_block
from tfbatch_sandbox.processes import supervision

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

MODELS = ("image", "vector", "examples")


def started(
    folder: Path, *options: str, models: Sequence[str] = MODELS
) -> tuple[supervision.Process, str]:
    port = free_block(2)  # the second for gRPC
    command = [sys.executable, "-m", "tfbatch_sandbox.model_server", "--model-dir", str(folder)]
    command += ["--rest-port", str(port), "--port", str(port + 1)]
    process = supervision.spawn([*command, *options], stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}/v1/models"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        time.sleep(0.05)
        try:
            states = [requests.get(f"{url}/{name}", timeout=5).text for name in models]
        except requests.ConnectionError:
            continue
        if all("AVAILABLE" in state and "START" not in state for state in states):
            return process, url
    raise AssertionError("the model server did not load its models")


def predict(url: str, model: str, document: object, *, verb: str = "predict") -> requests.Response:
    data = document if isinstance(document, str) else json.dumps(document)
    return requests.post(f"{url}/{model}:{verb}", data=data, timeout=30)
