"""The sandbox's process: it answers, on any free port, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest

from tests.tfbatch_sandbox.roles import allow, make_role
from tfbatch_sandbox.sandbox import Sandbox, SandboxError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_sagemaker.type_defs import TransformDataSourceTypeDef

_PARENT = """
import sys, time
from pathlib import Path
from tfbatch_sandbox.sandbox import Sandbox

sandbox = Sandbox.start(state_dir=Path(sys.argv[1]))
print(sandbox.port, sandbox.process.pid, flush=True)
time.sleep(60)
"""


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/moto-api/data.json", timeout=5):
            return True
    except OSError:
        return False


def _within(seconds: float, condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return False


def _is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_two_run_side_by_side_and_know_nothing_of_each_other(tmp_path: Path) -> None:
    with ExitStack() as stack:
        one, two = (
            stack.enter_context(Sandbox.start(state_dir=tmp_path / name)) for name in ("1", "2")
        )
        assert one.port != two.port
        clients = [
            boto3.Session("k", "s").client("s3", endpoint_url=each.endpoint_url)
            for each in (one, two)
        ]
        clients[0].create_bucket(Bucket="mine")
        assert not clients[1].list_buckets()["Buckets"]


@pytest.mark.skipif(not Path("/proc").exists(), reason="reads Linux's list of sockets")
def test_it_listens_on_this_machine_only(sandbox: Sandbox) -> None:
    listening = subprocess.run(
        ["cat", f"/proc/{sandbox.process.pid}/net/tcp"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    loopback = f"0100007F:{sandbox.port:04X}"
    everywhere = f"00000000:{sandbox.port:04X}"
    assert loopback in listening
    assert everywhere not in listening


def test_its_variables_reach_it_and_name_its_region(sandbox: Sandbox) -> None:
    code = "import boto3; print(boto3.client('sts').get_caller_identity()['Account'])"
    environment = {"PATH": os.environ["PATH"]} | sandbox.environment
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == sandbox.account_id
    assert environment["AWS_REGION"] == sandbox.region


def test_after_stop_nothing_answers(tmp_path: Path) -> None:
    sandbox = Sandbox.start(state_dir=tmp_path)
    assert _answers(sandbox.port)
    sandbox.stop()
    sandbox.stop()
    assert not _answers(sandbox.port)
    assert _is_gone(sandbox.process.pid)


def test_a_port_that_is_taken_is_told_with_the_log(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SandboxError, match="Address already in use"):
            Sandbox.start(state_dir=tmp_path, port=port)


def test_a_killed_parent_takes_the_sandbox_with_it(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", _PARENT, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    with parent:
        assert parent.stdout is not None
        port, pid = map(int, parent.stdout.readline().split())
        assert _answers(port)
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    assert _within(10, lambda: _is_gone(pid))
    assert not _answers(port)


def test_stopping_the_sandbox_ends_its_jobs(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    code = (
        f"import os, time, pathlib; pathlib.Path({str(pid_file)!r}).write_text(str(os.getpid()));"
    )
    command = (sys.executable, "-c", code + "time.sleep(60)")
    with Sandbox.start(state_dir=tmp_path / "state", transform_command=command) as sandbox:
        _start_job(sandbox)
        assert _within(10, lambda: pid_file.exists() and bool(pid_file.read_text()))
        assert not _is_gone(int(pid_file.read_text()))
    assert _within(10, lambda: _is_gone(int(pid_file.read_text())))


def _start_job(sandbox: Sandbox) -> None:
    session = boto3.Session("k", "s", region_name=sandbox.region)
    iam = session.client("iam", endpoint_url=sandbox.endpoint_url)
    s3 = session.client("s3", endpoint_url=sandbox.endpoint_url)
    sagemaker = session.client("sagemaker", endpoint_url=sandbox.endpoint_url)
    role = make_role(iam, "r", {"Service": "sagemaker.amazonaws.com"}, allow("*", on="*"))
    s3.create_bucket(Bucket="data")
    s3.put_object(Bucket="data", Key="in/1", Body=b"1")
    sagemaker.create_model(ModelName="m", ExecutionRoleArn=role)
    source: TransformDataSourceTypeDef = {
        "S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://data/in/"}
    }
    sagemaker.create_transform_job(
        TransformJobName="j",
        ModelName="m",
        TransformInput={"DataSource": source},
        TransformOutput={"S3OutputPath": "s3://data/out/"},
        TransformResources={"InstanceType": "ml.g5.xlarge", "InstanceCount": 1},
    )


def test_a_stopped_sandbox_leaves_nothing_in_the_temporary_directory(tmp_path: Path) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    program = f"""
from pathlib import Path
import boto3
from tfbatch_sandbox.sandbox import Sandbox
with Sandbox.start(state_dir=Path({str(tmp_path / "state")!r})) as sandbox:
    session = boto3.Session("sandbox", "sandbox", region_name=sandbox.region)
    session.client("s3", endpoint_url=sandbox.endpoint_url).create_bucket(Bucket="bucket")
    assert list(Path({str(temporary)!r}).iterdir())
"""
    environment = os.environ | {"TMPDIR": str(temporary)}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)
    assert list(temporary.iterdir()) == []


def test_a_killed_server_leaves_no_temporary_folder_once_it_is_stopped(tmp_path: Path) -> None:
    sandbox = Sandbox.start(state_dir=tmp_path)
    assert sandbox.temporary.is_dir()
    os.kill(sandbox.process.pid, signal.SIGKILL)
    sandbox.stop()
    assert not sandbox.temporary.exists()
