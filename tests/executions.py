"""Requests for executions, inputs for them, and what came of them."""

from __future__ import annotations

import io
import json
import time
from typing import TYPE_CHECKING, Any

from PIL import Image

if TYPE_CHECKING:
    from tests.deployment import Deployment


def photo(number: int) -> bytes:
    with io.BytesIO() as encoded:
        Image.new("RGB", (8, 8), (number % 256, 90, 40)).save(encoded, "JPEG")
        return encoded.getvalue()


def photos(count: int) -> dict[str, bytes]:
    return {f"{number:05d}.jpg": photo(number) for number in range(count)}


def request_for(uri: str, **more: object) -> dict[str, object]:
    return {"input": uri, "format": "jpeg", "model": "tiny", **more}


def failing(action: str, code: str, *, status: int, **more: object) -> dict[str, Any]:
    """A fault of the sandbox's: requests that are refused, in AWS's words."""
    words = {
        "AccessDeniedException": f"Not authorized: {action}",
        "SlowDown": "Please reduce your request rate.",
        "ThrottlingException": "Rate exceeded",
    }
    message = words.get(code, "We encountered an internal error. Please try again.")
    return {"action": action, "code": code, "status": status, "message": message, **more}


def summary_of(ended: dict[str, Any]) -> dict[str, Any]:
    assert ended["status"] == "SUCCEEDED", (ended.get("error"), ended.get("cause"))
    summary: dict[str, Any] = json.loads(ended["output"])["summary"]
    assert summary["outputs"] + summary["exceptions"] == summary["inputs"]
    return summary


def exceptions_of(deployment: Deployment, ended: dict[str, Any]) -> list[dict[str, Any]]:
    found = deployment.read(json.loads(ended["output"])["output"])
    return [json.loads(line) for line in found["exceptions.jsonl"].splitlines()]


def running_job(deployment: Deployment, arn: str) -> dict[str, Any]:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for job in deployment.jobs(arn):
            return job
        time.sleep(0.1)
    raise TimeoutError(f"no job of {arn}")
