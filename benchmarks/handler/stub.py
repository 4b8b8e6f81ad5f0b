"""A stub of TensorFlow Serving that answers at once or after a fixed latency.

``python -m benchmarks.handler.stub REST_PORT GRPC_PORT LATENCY_SECONDS``. A prediction is 1,001
probabilities in TensorFlow Serving's layout; a request's instances are counted, not parsed, so that
the stub is never what limits a benchmark. Its gRPC is the library's own server.
"""

from __future__ import annotations

import asyncio
import json
import random
import selectors
import struct
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import grpc  # type: ignore[import-untyped]

from tfbatch_handler.protobuf import wire

CLASSES = 1001
_MARK = b'"b64"'


def _tensor(dtype: str, *shape: int) -> dict[str, Any]:
    dimensions = [{"size": str(size), "name": ""} for size in shape]
    shape_proto = {"dim": dimensions, "unknown_rank": False}
    return {"dtype": f"DT_{dtype}", "tensor_shape": shape_proto, "name": "t:0"}


_SIGNATURE = {
    "inputs": {"image_bytes": _tensor("STRING", -1)},
    "outputs": {"classes": _tensor("INT64", -1), "probabilities": _tensor("FLOAT", -1, CLASSES)},
    "method_name": "tensorflow/serving/predict",
}
_DEFINITIONS = {"signature_def": {"serving_default": _SIGNATURE}}


def _http(body: bytes) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


METADATA = _http(json.dumps({"metadata": {"signature_def": _DEFINITIONS}}).encode())


@cache
def _probabilities(seed: int) -> list[float]:
    source = random.Random(seed)  # noqa: S311  a benchmark's data
    weights = [source.random() ** 12 for _ in range(CLASSES)]
    return [weight / sum(weights) for weight in weights]


@cache
def _row(seed: int) -> str:
    probabilities = _probabilities(seed)
    numbers = ", ".join(f"{probability:.9g}" for probability in probabilities)
    space = " " * 12
    best = probabilities.index(max(probabilities))
    return f'{{\n{space}"classes": {best},\n{space}"probabilities": [{numbers}]\n        }}'


@cache
def _predictions(count: int) -> bytes:
    rows = ",\n        ".join(_row(index % 64) for index in range(count))
    return _http(f'{{\n    "predictions": [\n        {rows}\n    ]\n}}'.encode())


class _Protocol(asyncio.Protocol):
    """One connection, one request at a time."""

    latency = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for a request."""
        self._transport: Any = transport
        self._begin()

    def _begin(self) -> None:
        self._head = b""
        self._missing = -1
        self._count = 0

    def data_received(self, data: bytes) -> None:
        """Count instances until the body is complete, then answer."""
        if self._missing < 0:
            self._head += data
            head, found, body = self._head.partition(b"\r\n\r\n")
            if not found:
                return
            if head.startswith(b"GET"):
                self._transport.write(METADATA)
                self._begin()
                return
            self._missing = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            data = body
        self._missing -= len(data)
        self._count += data.count(_MARK)
        if self._missing <= 0:
            self._answer(_predictions(self._count))
            self._begin()

    def _answer(self, reply: bytes) -> None:
        if self.latency:
            asyncio.get_running_loop().call_later(self.latency, self._transport.write, reply)
        else:
            self._transport.write(reply)


def _field(number: int, data: bytes) -> bytes:
    size, length = len(data), bytearray()
    while size > 0x7F:  # noqa: PLR2004  a varint's byte
        length.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes([number << 3 | 2, *length, size]) + data


@cache
def _response(count: int) -> bytes:
    """A PredictResponse with the probabilities as ``float_val``."""
    rows = (struct.pack(f"<{CLASSES}f", *_probabilities(index % 64)) for index in range(count))
    tensor = b"\x08\x01" + _field(5, b"".join(rows))
    return _field(1, _field(1, b"probabilities") + _field(2, tensor))


class _Predictions(grpc.GenericRpcHandler):  # type: ignore[misc]
    """``PredictionService/Predict``, on bytes."""

    def __init__(self, latency: float) -> None:
        self._latency = latency

    def service(self, _: object) -> Any:  # noqa: ANN401  the library's
        return grpc.unary_unary_rpc_method_handler(self._predict)

    def _predict(self, request: bytes, _: object) -> bytes:
        time.sleep(self._latency)
        tensors = (tensor for _, tensor in wire.entries(memoryview(request), 2))
        return _response(sum(1 for tensor in tensors for _ in wire.messages(tensor, 8)))


def _serve_grpc(port: int, latency: float) -> grpc.Server:
    options = [("grpc.max_receive_message_length", -1)]
    server = grpc.server(ThreadPoolExecutor(64), options=options)
    server.add_generic_rpc_handlers([_Predictions(latency)])
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    return server


def _loop() -> asyncio.AbstractEventLoop:
    """One that keeps time to the microsecond: epoll's waits are whole milliseconds."""
    return asyncio.SelectorEventLoop(selectors.SelectSelector())


async def _serve(port: int, latency: float) -> None:
    _Protocol.latency = latency
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Protocol, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    rest_port, grpc_port, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    grpc_server = _serve_grpc(grpc_port, seconds)
    with asyncio.Runner(loop_factory=_loop) as runner:
        runner.run(_serve(rest_port, seconds))
