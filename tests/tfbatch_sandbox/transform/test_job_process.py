"""``python -m tfbatch_sandbox.transform``: its events, its signals, and what a kill leaves."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import os
import signal
import subprocess
import sys
import tarfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.tfbatch_sandbox.images import png
from tfbatch_sandbox.processes import supervision
from tfbatch_sandbox.processes.system import PORTABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .conftest import Jobs

HANDLER = """
import base64, json, os, time
def input_handler(data, context):
    body = data.read()
    if body == b"slow":
        time.sleep(600)
    return json.dumps({"instances": [{"b64": base64.b64encode(body).decode()}]})
def output_handler(response, context):
    return str(response.json()["predictions"][0]["classes"]), "application/json"
"""


@dataclass
class Running:
    """A job's process."""

    process: supervision.Process
    folder: Path

    def event(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        return dict(json.loads(line)) if line else {}

    def pids(self, word: str) -> list[int]:
        """Its processes (however far down) whose command line has the word."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                command = _command(int(entry.name))
                if str(self.folder) in command and word in command:
                    found.append(int(entry.name))
        return found


def _command(pid: int) -> str:
    """Its words with a space between, whether it was forked or started afresh."""
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()


@pytest.fixture
def start(jobs: Jobs, saved_models: Path, tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Starts a job over ``in/`` with the real container, one image at a time."""
    started: list[Running] = []

    def begin(
        *, handler: str = HANDLER, isolated: bool = False, portable: bool = False, **changes: object
    ) -> Running:
        jobs.put_all({"model.tar.gz": _artifact(saved_models / "image", handler)})
        folder = tmp_path / "job"
        folder.mkdir()
        request: dict[str, Any] = {
            "TransformJobName": jobs.name,
            "TransformInput": {
                "DataSource": {
                    "S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{jobs.bucket}/in/"}
                }
            },
            "TransformOutput": {"S3OutputPath": f"s3://{jobs.bucket}/out"},
            "TransformResources": {"InstanceType": "ml.g5.xlarge", "InstanceCount": 1},
            **changes,
        }
        model = {
            "PrimaryContainer": {
                "Image": "x/tensorflow-inference:2.20.0-gpu",
                "ModelDataUrl": f"s3://{jobs.bucket}/model.tar.gz",
            },
            "EnableNetworkIsolation": isolated,
        }
        (folder / "request.json").write_text(json.dumps({"request": request, "model": model}))
        command = [sys.executable, "-m", "tfbatch_sandbox.transform", str(folder)]
        environment = os.environ | ({PORTABLE: "1"} if portable else {})
        process = supervision.spawn(command, environment=environment, stdout=subprocess.PIPE)
        running = Running(process, folder)
        started.append(running)
        return running

    yield begin
    for running in started:
        supervision.stop(running.process)
        assert running.process.stdout is not None
        running.process.stdout.close()


def _artifact(model: Path, handler: str) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as tar:
        tar.add(model / "1", "1")
        script = tarfile.TarInfo("code/inference.py")
        script.size = len(handler.encode())
        tar.addfile(script, io.BytesIO(handler.encode()))
    return data.getvalue()


def gone(pids: list[int], seconds: float = 15) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not any(_is_alive(pid) for pid in pids):
            return True
        time.sleep(0.1)
    return False


def _is_alive(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    return False


@pytest.mark.parametrize("portable", [False, True])
@pytest.mark.parametrize("isolated", [False, True])
def test_a_job_runs_its_artifact_and_leaves_no_process(
    start: Callable[..., Running], jobs: Jobs, *, isolated: bool, portable: bool
) -> None:
    jobs.put_all({"in/red": png(255, 0, 0), "in/blue": png(0, 0, 255)})
    running = start(isolated=isolated, portable=portable)
    assert running.event() == {"event": "started"}
    assert running.event() == {"event": "completed"}
    assert running.process.wait(10) == 0
    assert jobs.outputs() == {"red.out": b"0", "blue.out": b"2"}
    assert gone(running.pids("sandbox"))


def test_sigterm_stops_a_job_within_seconds(start: Callable[..., Running], jobs: Jobs) -> None:
    jobs.put_all({"in/slow": b"slow"})
    running = start()
    running.event()
    pids = running.pids("sandbox")
    running.process.send_signal(signal.SIGTERM)
    assert running.event() == {"event": "stopped"}
    assert running.process.wait(10) == 0
    assert gone(pids)
    assert jobs.outputs() == {}


@pytest.mark.parametrize("portable", [False, True])
def test_a_killed_job_takes_its_container_with_it(
    start: Callable[..., Running], jobs: Jobs, *, portable: bool
) -> None:
    jobs.put_all({"in/slow": b"slow"})
    running = start(isolated=True, portable=portable)
    running.event()
    pids = running.pids("sandbox")
    assert len(pids) >= 4  # the engine, the container, the model server, gunicorn and its worker
    (container,) = running.pids("-m tfbatch_sandbox.container ")
    socket = _command(container).split()[-1]
    assert Path(socket).exists()
    running.process.kill()
    assert running.event() == {}
    assert gone(pids)
    assert not Path(socket).parent.exists()


def test_a_killed_container_fails_the_job(start: Callable[..., Running], jobs: Jobs) -> None:
    jobs.put_all({"in/slow": b"slow"})
    running = start()
    running.event()
    (container,) = running.pids("-m tfbatch_sandbox.container ")
    pids = running.pids("sandbox.")
    os.kill(container, signal.SIGKILL)
    assert running.event() == {
        "event": "failed",
        "reason": "AlgorithmError: See job logs for more information",
    }
    assert running.process.wait(10) == 0
    assert gone(pids)


def test_a_killed_model_server_comes_back_and_the_job_goes_on(
    start: Callable[..., Running], jobs: Jobs
) -> None:
    jobs.put_all({f"in/{number:03}": png(255, 0, 0) for number in range(300)})
    running = start(ModelClientConfig={"InvocationsMaxRetries": 3})
    running.event()
    (server,) = running.pids("tfbatch_sandbox.model_server")
    os.kill(server, signal.SIGKILL)
    assert running.event()["event"] == "completed"
    assert len(jobs.outputs()) == 300


def test_a_broken_handler_fails_the_job_with_the_containers_log_in_reach(
    start: Callable[..., Running], jobs: Jobs
) -> None:
    jobs.put_all({"in/a": b"x"})
    running = start(handler="import no_such_module")
    assert running.event() == {
        "event": "failed",
        "reason": "AlgorithmError: See job logs for more information",
    }
    assert any("No module named 'no_such_module'" in line for line in jobs.container_log())


@pytest.mark.parametrize("isolated", [False, True])
def test_only_an_isolated_container_is_without_credentials_and_network(
    start: Callable[..., Running], jobs: Jobs, *, isolated: bool
) -> None:
    handler = """
import os, socket
def handler(data, context):
    host, port = data.read().decode().split(":")
    try:
        socket.create_connection((host, int(port)), timeout=5).close()
        reached = "reached"
    except OSError:
        reached = "cut off"
    return reached + " " + str("AWS_SECRET_ACCESS_KEY" in os.environ), "text/plain"
"""
    port = os.environ["AWS_ENDPOINT_URL"].rpartition(":")[2]
    jobs.put_all({"in/a": f"localhost:{port}".encode()})
    running = start(handler=handler, isolated=isolated)
    assert [running.event()["event"], running.event()["event"]] == ["started", "completed"]
    expected = b"cut off False" if isolated else b"reached True"
    assert jobs.outputs() == {"a.out": expected}


def test_without_namespaces_an_isolated_containers_python_refuses_to_connect(
    start: Callable[..., Running], jobs: Jobs
) -> None:
    handler = """
import socket
def handler(data, context):
    try:
        socket.create_connection(("203.0.113.1", 80), timeout=5)
    except OSError as error:
        return str("network isolation: " in str(error)), "text/plain"
"""
    jobs.put_all({"in/a": b"x"})
    running = start(handler=handler, isolated=True, portable=True)
    assert [running.event()["event"], running.event()["event"]] == ["started", "completed"]
    assert jobs.outputs() == {"a.out": b"True"}


ENGINE = """#!{python}
import json, os, sys
with open("{record}", "a") as file:
    file.write(json.dumps(sys.argv[1:]) + chr(10))
if sys.argv[1] == "run":
    options, told = dict(zip(sys.argv[3:-2:2], sys.argv[4:-2:2])), {{}}
    for name, value in zip(sys.argv, sys.argv[1:]):
        if name == "--env":
            told[value.partition("=")[0]] = value.partition("=")[2]
    folder = options["--volume"].removesuffix(":/opt/ml/model")
    where = ["--model-dir", folder, "--port", told["SAGEMAKER_BIND_TO_PORT"]]
    command = [sys.executable, "-m", "tfbatch_sandbox.container", *where]
    os.execve(sys.executable, command, {{"PATH": os.environ["PATH"]}} | told)
"""


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[list[str]]]:
    """What a stand-in for ``docker`` has been told; it runs the sandbox's container."""
    program, record = tmp_path / "docker", tmp_path / "told.jsonl"
    program.write_text(ENGINE.format(python=sys.executable, record=record))
    program.chmod(0o755)
    monkeypatch.setenv("SANDBOX_CONTAINER_ENGINE", str(program))
    return lambda: [json.loads(line) for line in record.read_text().splitlines()]


def test_a_models_image_is_run_and_removed_by_an_engine_that_takes_dockers_commands(
    start: Callable[..., Running], jobs: Jobs, engine: Callable[[], list[list[str]]]
) -> None:
    jobs.put_all({"in/red": png(255, 0, 0), "in/blue": png(0, 0, 255)})
    running = start(Environment={"MINE": "a b\nc"})
    assert [running.event()["event"] for _ in range(2)] == ["started", "completed"]
    assert running.process.wait(10) == 0
    assert jobs.outputs() == {"red.out": b"0", "blue.out": b"2"}
    run, remove = engine()
    name = run[run.index("--name") + 1]
    assert remove == ["rm", "--force", name]
    assert run[:2] == ["run", "--rm"]
    assert run[run.index("--network") + 1] == "host"
    assert run[-2:] == ["x/tensorflow-inference:2.20.0-gpu", "serve"]
    told = [value for word, value in itertools.pairwise(run) if word == "--env"]
    assert "MINE=a b\nc" in told
    assert "SAGEMAKER_BATCH=true" in told
    assert not any(one.startswith(("PATH=", "HOME=")) for one in told)
    assert gone(running.pids("sandbox"))


def test_a_killed_job_has_its_image_removed(
    start: Callable[..., Running], jobs: Jobs, engine: Callable[[], list[list[str]]]
) -> None:
    jobs.put_all({"in/slow": b"slow"})
    running = start()
    running.event()
    pids = running.pids("sandbox")
    running.process.kill()
    assert gone(pids)
    assert engine()[-1][:2] == ["rm", "--force"]


def test_an_engine_that_is_not_there_is_named_in_the_log(
    start: Callable[..., Running], jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SANDBOX_CONTAINER_ENGINE", "no-such-docker")
    jobs.put_all({"in/red": png(255, 0, 0)})
    assert start().event()["event"] == "failed"
    assert any("no-such-docker is not on PATH" in line for line in jobs.container_log())
