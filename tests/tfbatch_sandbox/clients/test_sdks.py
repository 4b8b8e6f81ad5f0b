"""Clients of others against the sandbox, with its variables alone."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.fs
import pytest

from .conftest import ROOT, run

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_s3 import S3Client

    from tfbatch_sandbox.sandbox import Sandbox

    from .conftest import Account

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def python_with(request: pytest.FixtureRequest) -> Callable[[str], Path]:
    """A Python that has the packages of a lock of ``requirements/``, installed once for each."""
    cache = request.config.cache
    assert cache is not None
    return partial(_python, cache)


def _python(cache: pytest.Cache, name: str) -> Path:
    lock = ROOT / "requirements" / f"{name}.lock"
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()[:16]
    folder = cache.mkdir(name.replace("-", "_")) / digest
    python = folder / "bin" / "python"
    if not (folder / "done").exists():
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, timeout=60)
        _install(python, lock)
        (folder / "done").touch()
    return python


def _install(python: Path, lock: Path) -> None:
    uv = [str(Path(sys.executable).with_name("uv")), "pip", "install", "--quiet"]
    pip = [str(python), "-m", "pip", "install", "--quiet"]  # knows pip.conf: proxies, mirrors
    for command in ([*uv, "--python", str(python)], pip):
        locked = [*command, "--require-hashes", "-r", str(lock)]
        if not subprocess.run(locked, check=False, timeout=250).returncode:
            return
    pytest.fail(f"the packages of {lock} can't be installed")


def test_the_sdk_transforms_tfrecords_and_follows_the_logs(
    account: Account, python_with: Callable[[str], Path], s3: S3Client
) -> None:
    printed = run(account, python_with("sagemaker-sdk"), HERE / "transform_with_sdk.py")
    assert "using default model name: model" in printed  # the container's log, by the SDK
    output = s3.get_object(Bucket=account.bucket, Key="sdk/output/all.tfrecord.out")["Body"]
    replies = [json.loads(line)["predictions"][0] for line in output.read().splitlines()]
    assert [reply["classes"] for reply in replies] == [0, 1, 2]


CLASSES = {"red.png.out": 0, "green.png.out": 1, "blue.png.out": 2}


def test_version_3_of_the_sdk_runs_a_job_whose_files_s3fs_reads(
    account: Account, python_with: Callable[[str], Path]
) -> None:
    printed = run(account, python_with("other-clients"), HERE / "transform_with_core.py")
    assert json.loads(printed.splitlines()[-1]) == {
        "classes": CLASSES,
        "left": [f"{account.bucket}/core/model.tar.gz"],
        "status": "Completed",
    }


AIRFLOW = "TFBATCH_AIRFLOW"
"""Names a Python that has ``apache-airflow-providers-amazon``, which needs 150 packages."""


@pytest.mark.skipif(AIRFLOW not in os.environ, reason=f"{AIRFLOW} names no Python with Airflow")
def test_airflows_operator_runs_a_job(account: Account, tmp_path: Path) -> None:
    told = account.environment | {"AIRFLOW_HOME": str(tmp_path)}
    asking = replace(account, environment=told)
    printed = run(asking, os.environ[AIRFLOW], HERE / "transform_with_airflow.py")
    assert json.loads(printed.splitlines()[-1]) == {"classes": CLASSES, "status": "Completed"}


def test_the_sdk_for_javascript_runs_a_job_and_a_state_machine(account: Account) -> None:
    role = "arn:aws:iam::123456789012:role/workflow"
    printed = run(account, "node", HERE / "transform_with_sdk.mjs", more=[role])
    assert json.loads(printed.splitlines()[-1]) == {"classes": CLASSES, "sum": "3"}


def test_pyarrow_reads_and_writes_objects_in_parts(account: Account, sandbox: Sandbox) -> None:
    files = pyarrow.fs.S3FileSystem(
        access_key="sandbox",
        secret_key="sandbox",  # noqa: S106 # pragma: allowlist secret
        region=sandbox.region,
        scheme="http",
        endpoint_override=sandbox.endpoint_url.removeprefix("http://"),
    )
    data = bytes(range(256)) * (12 << 12)  # 12 MiB: more than one part
    with files.open_output_stream(f"{account.bucket}/arrow/data") as stream:
        stream.write(data)
    with files.open_input_file(f"{account.bucket}/arrow/data") as file:
        assert file.size() == len(data)
        assert file.read_at(300, 1000) == data[1000:1300]
        assert file.readall() == data
    files.delete_file(f"{account.bucket}/arrow/data")
    found = files.get_file_info(f"{account.bucket}/arrow/data")
    assert found.type is pyarrow.fs.FileType.NotFound
