"""``tfbatch sandbox``: up, where it is, down; as in several terminals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import boto3
import pytest

from tfbatch.sandbox import background
from tfbatch.terminal import exit_codes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Tfbatch = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state")


@pytest.fixture(scope="module")
def tfbatch(state: Path) -> Iterator[Tfbatch]:
    def call(*arguments: str, at: Path | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "tfbatch", "sandbox", *arguments],
            cwd=at,
            env=os.environ | {"XDG_STATE_HOME": str(state)},
            capture_output=True,
            text=True,
            check=False,
        )

    yield call
    call("down")


def test_a_sandbox_is_up_once_however_many_terminals_start_it(tfbatch: Tfbatch) -> None:
    assert tfbatch("status").returncode == exit_codes.ATTENTION
    assert "tfbatch sandbox up" in tfbatch("env").stderr
    with ThreadPoolExecutor(2) as terminals:
        first, second = terminals.map(lambda _: tfbatch("up", "--json"), range(2))
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert json.loads(first.stdout) == json.loads(second.stdout)

    found = json.loads(tfbatch("env", "--json").stdout)
    s3 = boto3.client(
        "s3",
        endpoint_url=found["AWS_ENDPOINT_URL"],
        region_name=found["AWS_REGION"],
        aws_access_key_id="sandbox",
        aws_secret_access_key=found["AWS_SECRET_ACCESS_KEY"],
    )
    s3.create_bucket(Bucket="made-by-hand")
    assert tfbatch("status").returncode == exit_codes.OK
    assert tfbatch("logs").returncode == exit_codes.OK
    assert tfbatch("down").returncode == exit_codes.OK
    assert tfbatch("status").returncode == exit_codes.ATTENTION
    assert json.loads(tfbatch("down", "--json").stdout) == {"wasUp": False}


def test_a_keeper_that_was_killed_is_not_taken_for_a_sandbox(
    tfbatch: Tfbatch, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(state))
    assert tfbatch("up").returncode == exit_codes.OK
    found = background.find()
    assert found is not None
    os.kill(found.pid, signal.SIGKILL)
    while background.find():  # a process is gone a moment after its signal
        time.sleep(0.01)
    again = json.loads(tfbatch("up", "--json").stdout)
    assert again["pid"] != found.pid


def test_each_project_has_a_sandbox_of_its_own(tfbatch: Tfbatch, tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for project in (one, other):
        (project / "stacks").mkdir(parents=True)
        (project / "cdk.json").write_text("{}")
    try:
        up = json.loads(tfbatch("up", "--json", at=one / "stacks").stdout)
        assert up["project"] == str(one)
        status = tfbatch("status", at=other)
        assert status.returncode == exit_codes.ATTENTION
        assert "No sandbox of this project is up (there are sandboxes of " in status.stdout
        assert str(one) in status.stdout
        second = json.loads(tfbatch("up", "--json", at=other).stdout)
        assert second["endpoint"] != up["endpoint"]
        assert tfbatch("down", at=other).returncode == exit_codes.OK
        assert f"The sandbox of {one} is up" in tfbatch("status", at=one).stdout
    finally:
        for project in (one, other):
            tfbatch("down", at=project)
