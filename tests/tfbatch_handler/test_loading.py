"""The artifact's code, loaded in each way that AWS's containers load it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.tfbatch_handler.serving import Model, StandIn, image_example, tfrecord
from tfbatch_sandbox.processes import supervision

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).parents[2]
PRE_FORK = [
    "-m",
    "tfbatch_sandbox.container.gunicorn_app",
    "--model-dir",
    "{model}",
    "--bind",
    "{bind}",
]
IN_WORKER = ["-m", "gunicorn", "tests.tfbatch_handler.worker_service:app", "--bind", "{bind}"]
WAYS = {
    "imported once, patched before, forked after": ([*PRE_FORK, "--version", "2.20"], {}),
    "of 2.19, whose Context has no timeout": ([*PRE_FORK, "--version", "2.19"], {}),
    "two workers": ([*PRE_FORK, "--version", "2.20"], {"SAGEMAKER_GUNICORN_WORKERS": "2"}),
    "threads": (
        [*PRE_FORK, "--version", "2.20"],
        {"SAGEMAKER_GUNICORN_WORKER_CLASS": "gthread", "SAGEMAKER_GUNICORN_THREADS": "16"},
    ),
    "imported in each worker, under gevent": ([*IN_WORKER, "-k", "gevent"], {}),
    "imported in each worker, by threads": ([*IN_WORKER, "--threads", "16"], {}),
    "one request after another": ([*IN_WORKER, "-k", "sync"], {}),
    "imported before gunicorn patches": ([*IN_WORKER, "-k", "gevent", "--preload"], {}),
}


@pytest.fixture
def artifact(tmp_path: Path) -> Path:
    """What model.tar.gz is unpacked to, but for the SavedModel."""
    code = tmp_path / "model" / "code"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(REPOSITORY / "model_code", code, ignore=ignored)
    (code / "labels.txt").write_text("zero\none\ntwo\nthree\n")
    return code.parent


@contextmanager
def service(
    artifact: Path, server: StandIn, arguments: list[str], environment: dict[str, str]
) -> Iterator[tuple[str, Path]]:
    """Run a service; its URL and the file its output goes to."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        bind = f"127.0.0.1:{probe.getsockname()[1]}"
    log = artifact.parent / "log"
    known = {"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY), "MODEL_DIR": str(artifact)}
    ports = {"TFS_REST_PORTS": str(server.server_port), "TFS_GRPC_PORTS": "9000"}
    command = [part.format(model=artifact, bind=bind) for part in arguments]
    with log.open("wb") as output:
        process = supervision.spawn(
            [sys.executable, *command],
            environment=known | ports | {"TFS_DEFAULT_MODEL_NAME": "model"} | environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait(f"http://{bind}/ping", log)
            yield f"http://{bind}/invocations", log
        finally:
            supervision.stop(process)


def _wait(url: str, log: Path) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            requests.get(url, timeout=2)
        except requests.RequestException:
            time.sleep(0.05)
        else:
            return
    pytest.fail(log.read_text())


def post(url: str, payload: bytes, kind: str) -> list[Any]:
    response = requests.post(url, data=payload, headers={"Content-Type": kind}, timeout=20)
    assert response.status_code == 200, response.text
    return [json.loads(line) for line in response.text.split("\n")]


@pytest.mark.parametrize("way", WAYS)
def test_the_artifact_serves_however_it_is_loaded(artifact: Path, way: str) -> None:
    arguments, environment = WAYS[way]
    environment = {"TFBATCH_OUTPUT": "top_k", **environment}
    with (
        StandIn(Model(latency=0.02)) as server,
        service(artifact, server, arguments, environment) as (url, log),
        ThreadPoolExecutor(8) as pool,
    ):
        images = [bytes([n]) for n in range(40)]
        found = list(pool.map(lambda image: post(url, image, "image/jpeg"), images))
        assert [line["top_k"][0]["probability"] for (line,) in found] == [
            max(n + 1, 1) / 1000 for n in range(40)
        ]
        assert found[5][0]["top_k"][0]["label"] == "zero"
        payload = b"".join(tfrecord(image_example(image)) for image in images)
        assert post(url, payload, "application/x-tfrecord") == [line for (line,) in found]
        assert server.model.connections <= 2 * 8 + 2
    assert records_of(log) == 80


FORMAT = """
from tfbatch_handler import instance

CONTENT_TYPES = ("application/x-numbers", "image/jpeg")


def decode(payload, request):
    return [instance.from_bytes(bytes([int(n)]), request.signature) for n in payload.split()]
"""


def test_a_format_of_the_projects_own_is_served_and_takes_precedence(artifact: Path) -> None:
    (artifact / "code" / "formats").mkdir()
    (artifact / "code" / "formats" / "json.py").write_text(FORMAT)  # the name shadows nothing
    arguments = [*PRE_FORK, "--version", "2.20"]
    with (
        StandIn(Model()) as server,
        service(artifact, server, arguments, {"TFBATCH_OUTPUT": "top_k"}) as (url, _log),
    ):
        for kind in ("application/x-numbers", "image/jpeg"):
            found = post(url, b"1 2 3", kind)
            probabilities = [line["top_k"][0]["probability"] for line in found]
            assert probabilities == [(n + 1) / 1000 for n in (1, 2, 3)]


TWO_REQUESTS_AT_ONCE = """
from tfbatch_handler.metrics import Progress
import gevent.monkey
gevent.monkey.patch_all()
import gevent
progress = Progress(model="m")
done = [gevent.spawn(progress.add, records=1, errors=0, seconds=0.1) for _ in range(2)]
gevent.joinall(done, raise_error=True)
progress.close()
"""


def test_requests_at_once_are_counted_where_the_handler_is_imported_before_gevent_patches() -> None:
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY / "model_code")}
    command = [sys.executable, "-c", TWO_REQUESTS_AT_ONCE]
    said = subprocess.check_output(command, env=environment, timeout=30)
    assert json.loads(said)["Records"] == 2


def records_of(log: Path) -> int:
    """The sum over the metric lines: what a watcher shows as records done."""
    lines = [line for line in log.read_text().splitlines() if line.startswith('{"_aws"')]
    return sum(json.loads(line)["Records"] for line in lines)


def test_a_failed_request_has_the_status_that_its_container_allows(artifact: Path) -> None:
    for version, status in (("2.20", 415), ("2.19", 500)):
        arguments = [*PRE_FORK, "--version", version]
        with StandIn(Model()) as server, service(artifact, server, arguments, {}) as (url, _):
            response = requests.post(
                url, data=b"x", headers={"Content-Type": "audio/ogg"}, timeout=20
            )
            assert response.status_code == status
            assert "no format for Content-Type 'audio/ogg'" in response.text


def test_importing_opens_nothing_and_brings_in_nothing_slow(artifact: Path) -> None:
    script = f"""
import os, sys, threading
sys.path.insert(0, {str(artifact / "code")!r})
before = os.listdir("/proc/self/fd")
import inference
assert threading.active_count() == 1 and os.listdir("/proc/self/fd") == before
assert not {{"numpy", "requests", "tensorflow", "falcon", "grpc"}} & set(sys.modules)
assert sys.modules["tfbatch_handler"].__file__.startswith({str(artifact)!r})
"""
    command = [sys.executable, "-I", "-S", "-B", "-c", script]
    subprocess.run(command, check=True, timeout=30)


def test_memory_stays_flat(artifact: Path) -> None:
    """A few of the 100,000 requests that the benchmark counts."""
    arguments = [*PRE_FORK, "--version", "2.20"]
    with StandIn(Model()) as server, service(artifact, server, arguments, {}) as (url, _):
        session = requests.Session()
        worker = _worker(url)
        sizes = []
        for _ in range(3):
            for _ in range(500):
                session.post(url, data=b"1", headers={"Content-Type": "image/jpeg"}, timeout=20)
            sizes.append(_resident(worker))
    assert sizes[2] - sizes[0] < 1 << 20


def _worker(url: str) -> int:
    """The youngest process that listens where ``url`` says: the worker, not its master."""
    port = int(url.split(":")[2].split("/", maxsplit=1)[0])
    found = [
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and f"127.0.0.1:{port}" in _command(entry)
    ]
    return max(found)


def _command(process: Path) -> str:
    try:
        return (process / "cmdline").read_bytes().decode("utf-8", "replace").replace("\0", " ")
    except OSError:
        return ""


def _resident(process: int) -> int:
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
