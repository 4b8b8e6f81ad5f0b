"""``python -m benchmarks.handler.against REVISION``: our handler's CPU time against an older one's.

Both handlers are in this process and take turns. TensorFlow Serving is an object that answers with
constants, so neither sockets nor other processes are counted. Each side's fastest turn counts.
"""

from __future__ import annotations

import gc
import io
import json
import struct
import subprocess
import sys
import tarfile
import tempfile
import time
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from benchmarks.handler import payloads
from benchmarks.handler.cases import IMAGE, cases

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from benchmarks.handler.cases import Case

REPOSITORY = Path(__file__).parents[2]
_CASE_SECONDS = 4
_TURN_SECONDS = 0.002
_CLASSES = 1001
_BATCH = 32
"""Records in a request to the server, by default."""
_PACKAGE = "tfbatch_handler"


class _Answers:
    """What a server says to a case, request for request."""

    def __init__(self, case: Case) -> None:
        self._case, self._left = case, case.records
        self._classes = _CLASSES if case.inputs == IMAGE else 2

    def metadata(self) -> bytes:
        """The signature."""
        outputs = {"scores": _tensor("FLOAT", (-1, self._classes))}
        inputs = {name: _tensor(*tensor) for name, tensor in self._case.inputs.items()}
        method = "tensorflow/serving/predict"
        definition = {"inputs": inputs, "outputs": outputs, "method_name": method}
        signatures = {"signature_def": {"serving_default": definition}}
        return json.dumps({"metadata": {"signature_def": signatures}}).encode()

    def predictions(self) -> bytes:
        """Rows for the next request of the REST API."""
        return _rows(self._count(), self._classes)

    def scores(self) -> bytes:
        """A tensor for the next request of gRPC."""
        return _tensors(self._count(), self._classes)

    def _count(self) -> int:
        count = min(self._left, _BATCH)
        self._left = self._left - count or self._case.records
        return count


@cache
def _rows(count: int, classes: int) -> bytes:
    numbers = ", ".join(f"{1 / (3 + index):.9g}" for index in range(classes))
    rows = ",\n        ".join([f"[{numbers}]"] * count)
    return f'{{\n    "predictions": [{rows}\n    ]\n}}'.encode()


@cache
def _tensors(count: int, classes: int) -> bytes:
    floats = [1 / (3 + index) for index in range(classes)] * count
    tensor = b"\x08\x01" + payloads.field(5, struct.pack(f"<{len(floats)}f", *floats))
    return payloads.field(1, payloads.field(1, b"scores") + payloads.field(2, tensor))


def _tensor(dtype: str, shape: tuple[int, ...]) -> dict[str, Any]:
    dimensions = [{"size": str(size), "name": ""} for size in shape]
    return {"dtype": f"DT_{dtype}", "tensor_shape": {"dim": dimensions}, "name": "t:0"}


class _Socket:
    """A connection to a server that answers at once."""

    def __init__(self, answers: _Answers) -> None:
        self._answers, self._reply, self._blocks = answers, b"", True

    def settimeout(self, seconds: float) -> None:
        """Only a wait of 0 is kept."""
        self._blocks = seconds > 0

    def sendmsg(self, buffers: Sequence[bytes]) -> int:
        """Take everything, and prepare the answer to a request that begins."""
        first = bytes(buffers[0][:64])
        if first.startswith((b"GET ", b"POST ")):
            is_metadata = b"/metadata " in first
            body = self._answers.metadata() if is_metadata else self._answers.predictions()
            self._reply = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        return sum(map(len, buffers))

    def recv(self, size: int) -> bytes:
        """The next part of the answer."""
        if not self._blocks:
            raise BlockingIOError
        part, self._reply = self._reply[:size], self._reply[size:]
        return part

    def close(self) -> None:
        """There is nothing to close."""


class _Connection:
    """A connection of gRPC to a server that answers at once."""

    usable, is_closed = True, False

    def __init__(self, answers: _Answers) -> None:
        self._answers, self.socket = answers, _Socket(answers)

    def call(self, _: str, message: Sequence[bytes], **__: object) -> bytes:
        """Take everything, and answer."""
        sum(map(len, message))
        return self._answers.scores()


def handler(code: Path, case: Case) -> Callable[[], bytes]:
    """A handler of a tree of code, and what sends it a case. It imports its modules afresh."""
    modules = {name: sys.modules.pop(name) for name in list(sys.modules) if _is_ours(name)}
    sys.path.insert(0, str(code))
    try:
        create = import_module(f"{_PACKAGE}.handler").Handler
        variables = {"TFS_REST_PORTS": "1", "TFS_GRPC_PORTS": "2", **case.environment}
        made = create(code=code, environment=variables)
        answers = _Answers(case)
        http, grpc = (import_module(f"{_PACKAGE}.serving.{name}") for name in ("http", "grpc"))
        vars(http)["connect"] = lambda *_, **__: _Socket(answers)
        vars(grpc)["connect"] = lambda *_, **__: None
        vars(import_module(f"{_PACKAGE}.metrics"))["print"] = lambda *_, **__: None
        vars(grpc)["Connection"] = lambda *_, **__: _Connection(answers)
    finally:
        sys.path.remove(str(code))
        for name in list(filter(_is_ours, sys.modules)):
            del sys.modules[name]
        sys.modules.update(modules)
    context = SimpleNamespace(
        rest_uri="http://localhost:1/v1/models/m:predict",
        request_content_type=case.kind,
        accept_header="application/jsonlines",
    )
    return lambda: made(io.BytesIO(case.body), context)[0]


def _is_ours(name: str) -> bool:
    return name.partition(".")[0] == _PACKAGE


def compare(case: Case, sides: Sequence[Path]) -> list[float]:
    """Seconds of CPU time per record of each side."""
    calls = [handler(code, case) for code in sides]
    bodies = [call() for call in calls]
    for body in bodies:
        if len(body.splitlines()) != case.records or b'"error"' in body:
            raise SystemExit(f"{case.name}: {body[:300]!r}")
    repeat = max(1, round(_TURN_SECONDS / _seconds(calls[-1], 3)))
    least = [float("inf")] * len(calls)
    end = time.monotonic() + _CASE_SECONDS
    while time.monotonic() < end:
        for index, call in enumerate(calls):
            least[index] = min(least[index], _seconds(call, repeat))
    return [seconds / case.records for seconds in least]


def _seconds(call: Callable[[], object], repeat: int) -> float:
    started = time.process_time()
    for _ in range(repeat):
        call()
    return (time.process_time() - started) / repeat


@contextmanager
def checkout(revision: str) -> Iterator[Path]:
    """The handler's code of a revision, in a temporary folder."""
    command = ["git", "archive", revision, "model_code"]
    archive = subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True).stdout
    with tempfile.TemporaryDirectory() as folder, tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(folder, filter="data")
        yield Path(folder) / "model_code"


def main(revision: str) -> None:
    """Print the table."""
    gc.disable()
    with checkout(revision) as old:
        print(f"| case | {revision}, CPU µs per record | now | now / {revision} |")
        print("| --- | ---: | ---: | ---: |")
        for case in cases():
            before, now = compare(case, [old, REPOSITORY / "model_code"])
            figures = f"{before * 1e6:.2f} | {now * 1e6:.2f} | {now / before:.2f}"
            print(f"| {case.name} | {figures} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
