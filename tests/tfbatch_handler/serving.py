"""A stand-in for TensorFlow Serving: a real HTTP server that speaks its REST predict.

It doubles numbers and measures strings, lays its replies out as TensorFlow Serving does, and can
be told to refuse, to be away, to be slow, or to take only so many instances at once.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import socket
import struct
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from tfbatch_handler.crc32c import masked_crc32c

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

REFUSED = b"refuse me"
NAME = "model"


def tensor(dtype: str, *shape: int) -> dict[str, Any]:
    """A tensor as TensorFlow Serving's metadata describes it."""
    dimensions = [{"size": str(size), "name": ""} for size in shape]
    return {
        "dtype": f"DT_{dtype}",
        "tensor_shape": {"dim": dimensions, "unknown_rank": False},
        "name": "t:0",
    }


IMAGES = {
    "inputs": {"image_bytes": tensor("STRING", -1)},
    "outputs": {"classes": tensor("INT64", -1), "probabilities": tensor("FLOAT", -1, 4)},
    "method_name": "tensorflow/serving/predict",
}


def classify(instance: Any) -> Any:  # noqa: ANN401  JSON
    """Four probabilities and a class, from the bytes of an image."""
    data = base64.b64decode(instance["b64"])
    if data.startswith(REFUSED):
        raise ValueError("Expected image (JPEG, PNG, or GIF), got unknown format")
    scores = [(byte + 1) / 1000 for byte in (data + bytes(4))[:4]]
    return {"classes": len(data), "probabilities": scores}


@dataclass
class Model:
    """What the stand-in serves."""

    signature: Mapping[str, Any] = dataclasses.field(default_factory=lambda: IMAGES)
    predict: Callable[[Any], Any] = classify
    most: int = 1_000_000
    merges: int = 0
    """Refuse what fills no batch of so many, for a bad record of another request is in it."""
    away: int = 0
    """How many requests are answered 503 before the next is served."""
    latency: float = 0.0
    fault: Callable[[socket.socket, Any], int | None] = lambda *_: None
    """A status to answer a request with; 0 when the connection is closed, ``None`` to serve it."""
    message: str = "of this test"
    sizes: list[int] = dataclasses.field(default_factory=list)
    connections: int = 0


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: StandIn

    def setup(self) -> None:
        super().setup()
        self.server.model.connections += 1

    def log_message(self, *_: object) -> None:
        pass

    def _fails(self, body: Any) -> bool:  # noqa: ANN401
        status = self.server.model.fault(self.connection, body)
        if status:
            self._answer(status, {"error": self.server.model.message})
        self.close_connection = status == 0
        return status is not None

    def do_GET(self) -> None:
        if self._fails({}):
            return
        if not self.path.endswith("/metadata"):
            status = {"version": "1", "state": "AVAILABLE", "status": {"error_code": "OK"}}
            self._answer(200, {"model_version_status": [status]})
            return
        signatures = {"signature_def": {"serving_default": self.server.model.signature}}
        self._answer(200, {"model_spec": {"name": NAME}, "metadata": {"signature_def": signatures}})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        model = self.server.model
        time.sleep(model.latency)
        if self._fails(body):
            return
        if model.away > 0:
            model.away -= 1
            self._answer(503, {"error": "Servable not found for request"})
            return
        try:
            self._answer(200, self._predicted(body, model))
        except (ValueError, KeyError, TypeError) as error:
            self._answer(400, {"error": f"{error}\n\t [[{{node decode}}]]"})

    def _predicted(self, body: Any, model: Model) -> Any:  # noqa: ANN401
        if "inputs" in body:
            columns = [model.predict(value) for value in body["inputs"]]
            return {"outputs": {name: [row[name] for row in columns] for name in columns[0]}}
        instances = body["instances"]
        model.sizes.append(len(instances))
        if len(instances) > model.most:
            raise ValueError(
                f"Task size {len(instances)} is larger than maximum input batch size {model.most}"
            )
        if len(instances) < model.merges:
            raise ValueError("Expected image (JPEG, PNG, or GIF), got another request's")
        return {"predictions": [model.predict(instance) for instance in instances]}

    def _answer(self, status: int, value: Any) -> None:  # noqa: ANN401
        body = json.dumps(value, indent=4).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class StandIn(ThreadingHTTPServer):
    """The server; ``with StandIn(model) as server:`` runs it."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, model: Model) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.model = model

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    def handle_error(self, *_: object) -> None:
        """Clients that hang up are no news."""

    @property
    def uri(self) -> str:
        """As a Context's ``rest_uri``."""
        return f"http://localhost:{self.server_port}/v1/models/{NAME}:predict"


class OldContext(NamedTuple):
    """The Context of 2.19 and before, in a transform job."""

    rest_uri: str
    request_content_type: str
    accept_header: str = "application/json"
    model_name: str | None = None
    model_version: str | None = None
    method: str | None = None
    grpc_port: str = "9000"
    channel: object = None
    custom_attributes: str | None = None
    content_length: int | None = None


class Context(NamedTuple):
    """The Context of 2.20, which adds ``timeout``."""

    rest_uri: str
    request_content_type: str
    accept_header: str = "application/json"
    model_name: str | None = None
    timeout: int = 60


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def example(**features: bytes | list[float] | list[int]) -> bytes:
    """A serialized tf.Example."""
    entries = (
        serialized(1, serialized(1, name.encode()) + serialized(2, _feature(value)))
        for name, value in features.items()
    )
    return serialized(1, b"".join(entries))


def sequence_example(
    context: Mapping[str, bytes | list[float] | list[int]],
    lists: Mapping[str, Sequence[bytes | list[float] | list[int]]],
) -> bytes:
    """A serialized tf.SequenceExample: features, and lists of a feature for each step."""
    entries = (
        serialized(1, serialized(1, name.encode()) + serialized(2, _steps(steps)))
        for name, steps in lists.items()
    )
    return example(**context) + serialized(2, b"".join(entries))


def _steps(steps: Sequence[bytes | list[float] | list[int]]) -> bytes:
    return b"".join(serialized(1, _feature(step)) for step in steps)


def _feature(value: bytes | list[float] | list[int]) -> bytes:
    if isinstance(value, bytes):
        return serialized(1, serialized(1, value))
    if all(isinstance(item, float) for item in value):
        return serialized(2, serialized(1, struct.pack(f"<{len(value)}f", *value)))
    return serialized(3, serialized(1, b"".join(varint(int(item)) for item in value)))


def serialized(number: int, data: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(data)) + data


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])


def image_example(image: bytes) -> bytes:
    """As the article packs them."""
    return example(**{"image/encoded": image, "image/format": b"jpeg"})


def tfrecord(record: bytes) -> bytes:
    """One frame."""
    head = struct.pack("<Q", len(record))
    return b"".join(
        (head, _crc(head), record, _crc(record)),
    )


def _crc(data: bytes) -> bytes:
    return struct.pack("<I", masked_crc32c(memoryview(data)))


def recordio(record: bytes) -> bytes:
    """One MXNet RecordIO frame, or a chain of them where the record contains the magic number."""
    magic = struct.pack("<I", 0xCED7230A)
    parts = record.split(magic)
    found = b""
    for index, part in enumerate(parts):
        kind = 0 if len(parts) == 1 else 1 if index == 0 else 3 if index == len(parts) - 1 else 2
        found += magic + struct.pack("<I", kind << 29 | len(part)) + part + bytes(-len(part) % 4)
    return found
