"""Programs that a fork server starts are what they would be if they had been started afresh."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tfbatch_sandbox.processes import fork_client, supervision
from tfbatch_sandbox.transform.metrics import HostMetrics

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux stands it")
CONTAINER = [sys.executable, "-m", "tfbatch_sandbox.container", "--model-dir", ".", "--port", "0"]


@pytest.fixture(scope="module", autouse=True)
def server() -> Iterator[int]:
    """The process id of a fork server that this process uses."""
    with pytest.MonkeyPatch.context() as patch:
        used = supervision.ForkServer(is_wanted=True)
        patch.setattr(supervision, "fork_server", used)
        address = used.find()
        assert address is not None
        assert used.process is not None
        yield used.process.pid
        supervision.stop(used.process)
        assert not Path(address).parent.exists()


def _ended(folder: Path, **variables: str) -> tuple[int, str]:
    """The status and the output of a container that can't start."""
    process = supervision.spawn(
        CONTAINER,
        environment={**os.environ, **variables},
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert isinstance(process, fork_client.Forked)
    assert process.stdout is not None
    with process.stdout as said:
        text = said.read().decode()
    return supervision.stop(process), text


def test_it_has_its_arguments_folder_variables_output_and_status(tmp_path: Path) -> None:
    status, said = _ended(tmp_path)
    assert status == 1
    assert "no SavedModel bundles found!" in said
    status, said = _ended(tmp_path, SAGEMAKER_GUNICORN_WORKERS="many")
    assert status == 1
    assert "ValueError" in said
    assert "many" in said


SERVICE = [sys.executable, "-m", "tfbatch_sandbox.container.gunicorn_app", "--help"]


def _started(**variables: str) -> supervision.Process:
    process = supervision.spawn(SERVICE, environment=os.environ | variables, stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout as said:
        assert said.read().startswith(b"usage")
    assert supervision.stop(process) == 0
    return process


def test_the_service_is_forked_where_its_artifact_brings_nothing_that_is_imported(
    tmp_path: Path,
) -> None:
    (tmp_path / "inference.py").touch()
    assert isinstance(_started(PYTHONPATH=str(tmp_path)), fork_client.Forked)
    (tmp_path / "requests").mkdir()
    assert isinstance(_started(PYTHONPATH=str(tmp_path)), subprocess.Popen)


@pytest.mark.parametrize("name", ["PYTHONWARNINGS", "GEVENT_TRACK_GREENLET_TREE", "GRPC_TRACE"])
def test_the_service_starts_afresh_where_it_has_variables_that_are_read_then(name: str) -> None:
    assert isinstance(_started(**{name: "ignore"}), subprocess.Popen)


def test_the_service_is_forked_where_a_file_of_root_certificates_is_another() -> None:
    assert isinstance(_started(GRPC_DEFAULT_SSL_ROOTS_FILE_PATH="other.pem"), fork_client.Forked)


@pytest.mark.parametrize("switch", [{}, {"PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"}])
@pytest.mark.parametrize("own", [{}, {"PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"}])
def test_output_and_bytecode_are_written_as_by_a_program_started_afresh(
    own: dict[str, str], switch: dict[str, str]
) -> None:
    told = """
for stream in (sys.stdout, sys.stderr):
    print("a line", file=stream)
print(sys.dont_write_bytecode)
"""
    forked = (
        "from tfbatch_sandbox.processes import fork_compatibility as own; "
        "own.set_switches(json.loads(sys.argv[1]))"
    )
    plain = {name: value for name, value in os.environ.items() if name not in _SWITCHES}
    assert _writes("pass", told, environment=plain | switch) == _writes(
        forked, told, json.dumps(plain | switch), environment=plain | own
    )


_SWITCHES = {"PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"}


def _writes(first: str, then: str, *arguments: str, environment: dict[str, str]) -> list[bytes]:
    """What a program writes, each write apart."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours:
        with its:
            command = [sys.executable, "-c", f"import json, sys\n{first}\n{then}", *arguments]
            subprocess.run(
                command, env=environment, stdout=its.fileno(), stderr=its.fileno(), check=True
            )
        return [*iter(partial(ours.recv, 1000), b"")]


def test_the_search_path_is_that_of_a_program_started_afresh(tmp_path: Path) -> None:
    (tmp_path / "here" / "lib").mkdir(parents=True)
    (tmp_path / "own").mkdir()
    paths = [str(tmp_path / "own"), "lib", "", "./lib", "no-such-folder"]
    wanted = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    told = "import json, sys; print(json.dumps(sys.path))"
    (tmp_path / "here" / "program.py").write_text(told)
    ours = "import json, sys; from tfbatch_sandbox.processes import fork_compatibility as own; "
    ours += "print(json.dumps(own.search_path("
    ours += "json.loads(sys.argv[1]), directory=sys.argv[2])))"
    (tmp_path / "program.py").write_text(ours)
    afresh, forked = (
        json.loads(
            subprocess.check_output(
                [sys.executable, "-m", "program", json.dumps(wanted), str(tmp_path / "here")],
                cwd=folder,
                env=environment,
            )
        )
        for folder, environment in ((tmp_path / "here", wanted), (tmp_path, os.environ))
    )
    assert forked == afresh


def test_a_containers_metrics_are_those_of_its_forked_processes_too(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "request.json")
    process = supervision.spawn([sys.executable, "-m", "tfbatch_sandbox.transform", str(tmp_path)])
    assert isinstance(process, fork_client.Forked)
    try:
        ended = subprocess.Popen([sys.executable, "-c", ""])
        ended.wait()
        assert HostMetrics("host", ended.pid, tmp_path).measure()["MemoryUtilization"] > 0
    finally:
        supervision.stop(process, grace_seconds=0)


def test_it_has_a_session_of_its_own(tmp_path: Path) -> None:
    fifo = tmp_path / "request.json"
    os.mkfifo(fifo)  # which the job waits to read
    process = supervision.spawn([sys.executable, "-m", "tfbatch_sandbox.transform", str(tmp_path)])
    try:
        assert os.getsid(process.pid) == process.pid
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.2)
        assert process.poll() is None
    finally:
        status = supervision.stop(process, grace_seconds=0)
    assert status in {-signal.SIGTERM, -signal.SIGKILL}
    assert process.poll() == status


def test_it_ends_with_the_process_that_asked_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "request.json")
    process = supervision.spawn([sys.executable, "-m", "tfbatch_sandbox.transform", str(tmp_path)])
    process.supervision_pipe.close()  # type: ignore[union-attr]
    assert process.wait(10) == -signal.SIGTERM


def test_who_ends_in_the_middle_of_a_request_stops_no_one_else(tmp_path: Path) -> None:
    address = supervision.fork_server.find()
    assert address is not None
    for part in (b"", b"\0", fork_client.NUMBER.pack(1000) + b"{"):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(address)
            connection.sendall(part)
    status, said = _ended(tmp_path)
    assert status == 1
    assert "no SavedModel bundles found!" in said


def test_what_it_forked_outlives_a_server_that_is_killed_and_another_takes_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    used = supervision.ForkServer(is_wanted=True, is_renewed=True)
    monkeypatch.setattr(supervision, "fork_server", used)
    os.mkfifo(tmp_path / "request.json")
    running = supervision.spawn([sys.executable, "-m", "tfbatch_sandbox.transform", str(tmp_path)])
    killed = used.process
    assert killed is not None
    killed.kill()
    killed.wait()
    with pytest.raises(subprocess.TimeoutExpired):
        running.wait(0.5)  # it runs, and so it is not taken for ended
    kinds = []
    for _ in range(2):
        process = supervision.spawn(CONTAINER, cwd=tmp_path, stderr=2)
        assert process.wait(60) == 1
        supervision.stop(process)
        kinds.append(type(process))
    assert kinds == [subprocess.Popen, fork_client.Forked]
    assert supervision.stop(running, grace_seconds=0) == -signal.SIGKILL
    assert used.process not in {None, killed}
    supervision.stop(used.process)


def test_without_the_server_it_starts_afresh(tmp_path: Path, server: int) -> None:
    os.kill(server, signal.SIGTERM)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        process = supervision.spawn(CONTAINER, cwd=tmp_path, stderr=2)
        assert process.wait(60) == 1
        supervision.stop(process)
        if isinstance(process, subprocess.Popen):
            return
    raise AssertionError("it is forked by a server that is gone")
