"""The SageMaker Python SDK against the sandbox, with its variables alone."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .conftest import ROOT

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from .conftest import Account

_LOCK = ROOT / "requirements" / "sagemaker-sdk.lock"


@pytest.fixture(scope="session")
def sdk_python(request: pytest.FixtureRequest) -> Path:
    """A Python that has the SDK and what it needs, installed once for each lock."""
    cache = request.config.cache
    assert cache is not None
    folder = cache.mkdir("sagemaker_sdk") / hashlib.sha256(_LOCK.read_bytes()).hexdigest()[:16]
    python = folder / "bin" / "python"
    if not (folder / "done").exists():
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, timeout=60)
        _install(python)
        (folder / "done").touch()
    return python


def _install(python: Path) -> None:
    uv = [str(Path(sys.executable).with_name("uv")), "pip", "install", "--quiet"]
    pip = [str(python), "-m", "pip", "install", "--quiet"]  # knows pip.conf: proxies, mirrors
    for command in ([*uv, "--python", str(python)], pip):
        locked = [*command, "--require-hashes", "-r", str(_LOCK)]
        if not subprocess.run(locked, check=False, timeout=250).returncode:
            return
    pytest.fail(f"the SageMaker SDK of {_LOCK} can't be installed")


def test_the_sdk_transforms_tfrecords_and_follows_the_logs(
    account: Account, sdk_python: Path, s3: S3Client
) -> None:
    script = Path(__file__).with_name("transform_with_sdk.py")
    ran = subprocess.run(
        [str(sdk_python), str(script), account.bucket, account.role_arn, str(account.artifact)],
        env=account.environment,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "using default model name: model" in ran.stdout  # the container's log, by the SDK
    output = s3.get_object(Bucket=account.bucket, Key="sdk/output/all.tfrecord.out")["Body"]
    replies = [json.loads(line)["predictions"][0] for line in output.read().splitlines()]
    assert [reply["classes"] for reply in replies] == [0, 1, 2]
