"""The container from an artifact: which model, which handler, which errors, what comes back up."""

from __future__ import annotations

import base64
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
import requests

from tests.tfbatch_sandbox.images import png
from tfbatch_sandbox.container.host.launch import free_block
from tfbatch_sandbox.processes import supervision

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ARTICLE = """
import base64, json
def input_handler(data, context):
    image = base64.b64encode(data.read()).decode("utf-8")
    return json.dumps({"instances": [{"b64": image}]})
def output_handler(response, context):
    if response.status_code != 200:
        return "seen " + str(response.status_code), "text/plain"
    return response.content, context.accept_header
"""
CONTEXT = """
import json, os, sys, time
imported = os.getpid()
import vendored
def handler(data, context):
    fields = {k: v for k, v in context._asdict().items() if k != "channel"}
    body = data.read().decode()
    if body == "boom":
        raise ValueError("it broke")
    if body == "grpc":
        name = b"vector"
        spec = bytes([10, len(name)]) + name
        status = "/tensorflow.serving.ModelService/GetModelStatus"
        reply = context.channel.unary_unary(status)(bytes([10, len(spec)]) + spec)
        return reply, "application/octet-stream"
    if body == "wait":
        time.sleep(30)
    told = {"fields": fields, "imported": imported, "pid": os.getpid(), "ppid": os.getppid(),
            "environment": dict(os.environ), "vendored": vendored.VALUE}
    return json.dumps(told), "application/json"
"""
TRAPS = """
import gevent, os, urllib3.connectionpool
pool = urllib3.connectionpool.HTTPConnectionPool
connect, made = pool._new_conn, []
pool._new_conn = lambda self: (made.append(1), connect(self))[1]
def ran_beside(work):
    ran = []
    gevent.spawn(ran.append, 1)
    work()
    return len(ran)
def input_handler(data, context):
    global told
    body = data.read()
    predict = "/tensorflow.serving.PredictionService/Predict"
    call = context.channel.unary_unary(predict)
    try:
        told = {
            b"grpc": lambda: ran_beside(lambda: call(SMALL)),
            b"python": lambda: ran_beside(lambda: sum(range(1000000))),
            b"sleep": lambda: ran_beside(lambda: gevent.sleep(0)),
        }.get(body, lambda: len(call(body)))()
    except Exception as error:
        told = str(error.code())
    return '{"instances": [[1.0, 0.0, 0.0]]}'
def output_handler(response, context):
    return str(told) + " " + str(len(made)), "text/plain"
"""


class Container:
    """A container of an artifact, and how to reach it."""

    def __init__(self, folder: Path, *options: str, **environment: str) -> None:
        port = free_block(16)
        self.url = f"http://127.0.0.1:{port}"
        self.log = folder / f"log-{port}"
        told = {"SAGEMAKER_SAFE_PORT_RANGE": f"{port + 1}-{port + 15}", "SAGEMAKER_BATCH": "true"}
        command = [
            sys.executable,
            "-m",
            "tfbatch_sandbox.container",
            "--model-dir",
            str(folder / "model"),
        ]
        with self.log.open("wb") as log:
            self.process = supervision.spawn(
                [*command, "--port", str(port), *options],
                environment=os.environ | told | environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def wait(self, seconds: float = 60) -> Container:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log.read_text()
            with contextlib.suppress(requests.ConnectionError):
                if requests.get(f"{self.url}/ping", timeout=2).status_code == 200:
                    return self
            time.sleep(0.05)
        raise AssertionError(self.log.read_text())

    def invoke(self, body: bytes | str, **headers: str) -> requests.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return requests.post(f"{self.url}/invocations", data=body, headers=named, timeout=30)


@pytest.fixture
def start(saved_models: Path, tmp_path: Path) -> Iterator[Callable[..., Container]]:
    """Builds an artifact of a model and code files, and starts its container."""
    running: list[Container] = []

    def build(
        *options: str, model: str = "image", code: dict[str, str] | None = None, **environment: str
    ) -> Container:
        shutil.copytree(saved_models / model, tmp_path / "model" / model)
        for name, text in (code or {}).items():
            path = tmp_path / "model" / "code" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        running.append(Container(tmp_path, *options, **environment))
        return running[-1]

    yield build
    for container in running:
        supervision.stop(container.process)


def test_the_articles_handlers_classify_an_image(start: Callable[..., Container]) -> None:
    container = start(code={"inference.py": ARTICLE}).wait()
    reply = container.invoke(png(0, 0, 255), Content_Type="image/png")
    assert reply.json()["predictions"][0]["classes"] == 2
    assert reply.text.startswith('{\n    "predictions": [')  # unmodified, many lines


@pytest.mark.parametrize(
    ("version", "status", "text"), [("2.19", 200, "seen 400"), ("2.20", 400, "Unknown image")]
)
def test_what_tensorflow_serving_refuses_reaches_the_output_handler_only_before_2_20(
    start: Callable[..., Container], version: str, status: int, text: str
) -> None:
    container = start("--image-version", version, code={"inference.py": ARTICLE}).wait()
    reply = container.invoke(b"no image", Content_Type="image/png")
    assert reply.status_code == status
    assert text in reply.text


@pytest.mark.parametrize(("version", "has_timeout"), [("2.19", False), ("2.20", True)])
def test_a_handler_sees_the_context_and_environment_of_its_image(
    start: Callable[..., Container], version: str, *, has_timeout: bool
) -> None:
    code = {"inference.py": CONTEXT, "lib/vendored.py": "VALUE = 5", "requirements.txt": "nonsense"}
    container = start("--image-version", version, model="vector", code=code).wait()
    told = container.invoke("hi", Content_Type="text/x").json()
    assert container.invoke("grpc").content.count(bytes([0x10, 30])) == 2  # both are AVAILABLE
    fields = told["fields"]
    assert fields["model_name"] is None
    assert fields["rest_uri"].endswith("/v1/models/vector:predict")
    assert (fields["request_content_type"], fields["accept_header"]) == ("text/x", "*/*")
    assert fields["content_length"] == 2
    assert ("timeout" in fields) is has_timeout
    environment = told["environment"]
    assert environment["TFS_DEFAULT_MODEL_NAME"] == "vector"
    assert environment["TFS_REST_PORTS"] in fields["rest_uri"]
    assert environment["OMP_NUM_THREADS"] == "1"
    assert told["vendored"] == 5  # code/lib, and requirements.txt ignored for it
    assert told["imported"] == told["ppid"] != told["pid"]  # imported once, before the fork


def test_custom_attributes_choose_model_version_and_method(start: Callable[..., Container]) -> None:
    code = {"inference.py": CONTEXT, "lib/vendored.py": "VALUE = 5"}
    container = start(model="vector", code=code).wait()
    header = {"X_Amzn_SageMaker_Custom_Attributes": "tfs-model-version=1,tfs-method=regress"}
    fields = container.invoke("hi", **header).json()["fields"]
    assert fields["rest_uri"].endswith("/v1/models/vector/versions/1:regress")
    bad = container.invoke("hi", X_Amzn_SageMaker_Custom_Attributes="tfs-method=../x")
    assert (bad.status_code, "invalid tfs-method" in bad.text) == (400, True)


def test_an_exception_is_a_500_a_long_wait_a_504_and_another_path_a_404(
    start: Callable[..., Container],
) -> None:
    code = {"inference.py": CONTEXT, "lib/vendored.py": "VALUE = 5"}
    patience = {
        "SAGEMAKER_GUNICORN_TIMEOUT_SECONDS": "2",
        "SAGEMAKER_NGINX_PROXY_READ_TIMEOUT_SECONDS": "1",  # raised to gunicorn's
    }
    container = start(model="vector", code=code, **patience).wait()
    reply = container.invoke("boom")
    assert (reply.status_code, reply.json()) == (500, {"error": "it broke"})
    assert "ValueError: it broke" in container.log.read_text()
    late = container.invoke("wait")
    assert (late.status_code, "504 Gateway Time-out" in late.text) == (504, True)
    assert late.elapsed.total_seconds() == pytest.approx(2, abs=1)
    unknown = requests.get(f"{container.url}/execution-parameters", timeout=5)
    assert (unknown.status_code, unknown.json()) == (404, {"error": "Not Found"})


@pytest.mark.parametrize("version", ["2.19", "2.20"])
def test_without_python_code_csv_and_json_lines_go_to_the_model_server(
    start: Callable[..., Container], version: str
) -> None:
    container = start("--image-version", version, model="vector").wait()
    asked = {
        "1,0,0\n0,0,1\n": {"Content_Type": "text/csv", "Accept": "application/json"},
        "[1,0,0]\n[0,0,1]\n": {"Content_Type": "application/jsonlines"},
        '{"instances": [[1,0,0], [0,0,1]]}': {"Content_Type": "application/json"},
    }
    replies = [container.invoke(body, **headers) for body, headers in asked.items()]
    assert [reply.status_code for reply in replies] == [200, 200, 200]
    predictions = [reply.json()["predictions"] for reply in replies]
    assert predictions[0] == predictions[1] == predictions[2]
    assert ["\n" in reply.text for reply in replies] == [False, True, True]
    image = container.invoke(png(1, 2, 3), Content_Type="image/png")
    assert (image.status_code, image.json()) == (
        415,
        {"error": "Unsupported Media Type: image/png"},
    )
    _kill_model_server_and_see_the_ping(container)


def _kill_model_server_and_see_the_ping(container: Container) -> None:
    os.kill(_pids(container)["tensorflow serving"], signal.SIGKILL)
    statuses: set[int] = set()
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and statuses != {502, 200}:
        statuses.add(requests.get(f"{container.url}/ping", timeout=5).status_code)
        if 502 not in statuses:
            statuses.clear()
        time.sleep(0.02)
    assert statuses == {502, 200}


def test_a_killed_service_and_a_killed_model_server_come_back(
    start: Callable[..., Container],
) -> None:
    code = {"inference.py": ARTICLE}
    container = start(code=code).wait()
    pids = _pids(container)
    for pid in pids.values():
        os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with contextlib.suppress(requests.ConnectionError):
            if container.invoke(png(255, 0, 0)).status_code == 200:
                break
        time.sleep(0.1)
    assert not set(_pids(container).values()) & set(pids.values())
    assert "unexpected tensorflow serving exit" in container.log.read_text()
    assert "unexpected gunicorn exit" in container.log.read_text()


def _pids(container: Container) -> dict[str, int]:
    """The latest process of each kind, as the log tells."""
    found = {}
    for line in container.log.read_text().splitlines():
        for kind in ("tensorflow serving", "gunicorn"):
            if f"started {kind} (pid: " in line:
                found[kind] = int(line.split("(pid: ")[1].rstrip(")"))
    return found


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ({"inference.py": "import no_such_module"}, "No module named 'no_such_module'"),
        ({"inference.py": "x = 1"}, "Handlers are not implemented correctly in user script."),
    ],
)
def test_a_script_that_can_not_be_imported_ends_the_container_and_tells_why(
    start: Callable[..., Container], code: dict[str, str], words: str
) -> None:
    container = start(code=code)
    assert container.process.wait(60) == 1
    log = container.log.read_text()
    assert words in log
    assert "gunicorn exited during startup: rc=1" in log


STAND_IN = """#!{python}
import os, re, sys
flags = dict(flag.lstrip("-").split("=", 1) for flag in sys.argv[1:])
config = open(flags["model_config_file"]).read()
batching = re.findall(r"(\\w+) {{ value: (\\d+) }}", open(flags["batching_parameters_file"]).read())
folder = os.path.dirname(re.search("base_path: '(.*)'", config)[1])
print("versions", re.findall(r"versions: (\\d+)", config), flush=True)
os.execv("{python}", ["{python}", "-m", "tfbatch_sandbox.model_server", "--model-dir", folder,
    "--port", flags["port"], "--rest-port", flags["rest_api_port"], "--enable-batching",
    *(text for name, value in batching for text in ("--" + name.replace("_", "-"), value))])
"""


def test_tensorflow_servings_own_program_is_run_when_asked(
    start: Callable[..., Container], tmp_path: Path
) -> None:
    program = tmp_path / "tensorflow_model_server"
    program.write_text(STAND_IN.format(python=sys.executable))
    program.chmod(0o755)
    container = start(
        "--model-server",
        str(program),
        model="vector",
        SAGEMAKER_TFS_ENABLE_BATCHING="true",
        SAGEMAKER_TFS_MAX_BATCH_SIZE="2",
    ).wait()
    assert "versions ['1', '2']" in container.log.read_text()
    three = container.invoke("1,0,0\n0,1,0\n0,0,1\n", Content_Type="text/csv")
    assert three.status_code == 400
    assert "Task size 3 is larger than maximum input batch size 2" in three.text


def test_an_artifact_without_a_model_ends_the_container(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    container = Container(tmp_path)
    assert container.process.wait(30) == 1
    supervision.stop(container.process)
    assert "no SavedModel bundles found!" in container.log.read_text()


def test_the_environment_chooses_the_default_model(start: Callable[..., Container]) -> None:
    container = start(
        code={"inference.py": ARTICLE},
        SAGEMAKER_TFS_DEFAULT_MODEL_NAME="image",
        SAGEMAKER_TFS_ENABLE_BATCHING="true",
    ).wait()
    body = base64.b64decode(base64.b64encode(png(255, 0, 0)))
    assert container.invoke(body).status_code == 200


def _predict_request(rows: int) -> bytes:
    """A PredictRequest for ``vector``, put together by hand: its classes fake TensorFlow's."""

    def field(number: int, data: bytes) -> bytes:
        return bytes([number << 3 | 2]) + _varint(len(data)) + data

    shape = b"".join(field(2, b"\x08" + _varint(size)) for size in (rows, 3))
    tensor = b"\x08\x01" + field(2, shape) + field(4, bytes(12 * rows))
    return field(1, field(1, b"vector")) + field(2, field(1, b"x") + field(2, tensor))


def _varint(number: int) -> bytes:
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + _varint(rest) if rest else bytes([low])


def test_the_traps_of_the_image_are_there(start: Callable[..., Container]) -> None:
    code = {"inference.py": f"SMALL = {_predict_request(1)!r}\n{TRAPS}"}
    container = start(model="vector", code=code).wait()
    told = [container.invoke(body).text.split() for body in ("grpc", "python", "sleep")]
    # gRPC and Python keep the worker to themselves; what gevent knows lets others in.
    assert [ran for ran, _ in told] == ["0", "0", "1"]
    assert [connections for _, connections in told] == ["1", "2", "3"]  # one for each request
    over_4_mib = container.invoke(_predict_request(600_000))
    assert over_4_mib.text.startswith("StatusCode.RESOURCE_EXHAUSTED")
