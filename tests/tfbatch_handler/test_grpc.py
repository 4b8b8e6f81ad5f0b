"""Scores by gRPC, against the gRPC library's own server: the same lines as over REST."""

from __future__ import annotations

import io
import json
import os
import struct
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import grpc  # type: ignore[import-untyped]
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tfbatch_handler.serving import (
    IMAGES,
    REFUSED,
    Model,
    OldContext,
    StandIn,
    classify,
    example,
    free_port,
    image_example,
    serialized,
    tensor,
    tfrecord,
)
from tfbatch_handler.handler import Handler
from tfbatch_handler.outputs import top_k
from tfbatch_handler.protobuf import wire

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FLOATS = st.floats(width=32, allow_nan=False)


@dataclass
class Predictions(grpc.GenericRpcHandler):  # type: ignore[misc]
    """``PredictionService/Predict`` on the stand-in's images."""

    asked: list[dict[str, memoryview]] = field(default_factory=list)
    width: int = 0
    """Scores of an answer, if they are more than the model's."""

    def service(self, details: Any) -> Any:  # noqa: ANN401  the library's
        assert details.method == "/tensorflow.serving.PredictionService/Predict"
        return grpc.unary_unary_rpc_method_handler(self.predict)

    def predict(self, request: bytes, context: Any) -> bytes:  # noqa: ANN401
        inputs = dict(wire.entries(memoryview(request), 2))
        self.asked.append(inputs)
        images = [bytes(image) for image in wire.messages(inputs["image_bytes"], 8)]
        if any(image.startswith(REFUSED) for image in images):
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "Expected image")
        rows = [classify({"b64": _base64(image)})["probabilities"] for image in images]
        wide = np.zeros((len(rows), max(self.width, len(rows[0]))), np.float32)
        wide[:, : len(rows[0])] = rows
        content = wide.tobytes()
        found = b"\x08\x01" + serialized(5, content)
        return serialized(1, serialized(1, b"probabilities") + serialized(2, found))


def _base64(image: bytes) -> str:
    import base64  # noqa: PLC0415

    return base64.b64encode(image).decode()


@dataclass
class Both:
    """A handler that may use gRPC, one that may not, and what gRPC was asked."""

    fast: Handler
    slow: Handler
    server: StandIn
    predictions: Predictions

    def lines(self, payload: bytes, kind: str) -> tuple[bytes, bytes]:
        context = OldContext(self.server.uri, kind)
        return self.fast(io.BytesIO(payload), context)[0], self.slow(io.BytesIO(payload), context)[
            0
        ]


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Both]:
    predictions = Predictions()
    options = [("grpc.max_receive_message_length", -1)]
    server = grpc.server(ThreadPoolExecutor(4), [predictions], options=options)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with StandIn(Model()) as rest:
        environment = {"TFBATCH_OUTPUT": "top_k", "TFBATCH_TOP_K": "3"}
        ports = {"TFS_REST_PORTS": str(rest.server_port), "TFS_GRPC_PORTS": str(port)}
        both = Both(
            fast=Handler(code=tmp_path, environment=environment | ports),
            slow=Handler(code=tmp_path, environment=environment),
            server=rest,
            predictions=predictions,
        )
        yield both
        both.fast.close()
        both.slow.close()
    server.stop(None).wait()


@pytest.mark.parametrize("size", [1, 100, 70_000, 3_000_000])
def test_images_of_any_size_give_the_lines_of_rest(both: Both, size: int) -> None:
    for _ in range(3):
        fast, slow = both.lines(os.urandom(size), "image/jpeg")
        assert json.loads(fast) == json.loads(slow)
    assert len(both.predictions.asked) == 3
    assert len(both.server.model.sizes) == 3


def test_batches_larger_than_any_window_get_through(both: Both) -> None:
    records = [tfrecord(image_example(os.urandom(150_000))) for _ in range(64)]
    fast, slow = both.lines(b"".join(records), "application/x-tfrecord")
    assert fast.split(b"\n") == slow.split(b"\n")
    assert len(both.predictions.asked) == 2


def test_answers_larger_than_grpcs_default_limit_get_through(both: Both) -> None:
    (usual, *_) = both.lines(b"1", "image/jpeg")
    both.predictions.width = 3_000_000  # 12 MB; the library's own clients take 4
    context = OldContext(both.server.uri, "image/jpeg")
    assert both.fast(io.BytesIO(b"1"), context)[0] == usual
    assert len(both.predictions.asked) == 2
    assert len(both.server.model.sizes) == 1  # only the other handler's request went by REST


def test_what_grpc_refuses_rest_explains(both: Both) -> None:
    images = [b"1", REFUSED, b"2", b"not an example"]
    payload = b"".join(tfrecord(image_example(image)) for image in images)
    fast, slow = both.lines(payload, "application/x-tfrecord")
    assert fast == slow
    assert b"got unknown format" in fast.split(b"\n")[1]


def test_json_records_go_by_grpc_too(both: Both) -> None:
    payload = json.dumps({"b64": "MTIz"}).encode()
    assert len(set(both.lines(payload, "application/jsonlines"))) == 1
    assert len(both.predictions.asked) == 1


def test_a_port_nobody_listens_on_costs_one_attempt(tmp_path: Path) -> None:
    with StandIn(Model()) as rest:
        ports = {"TFS_REST_PORTS": str(rest.server_port), "TFS_GRPC_PORTS": str(free_port())}
        handler = Handler(code=tmp_path, environment={"TFBATCH_OUTPUT": "top_k", **ports})
        for _ in range(2):
            body, _ = handler(io.BytesIO(b"1"), OldContext(rest.uri, "image/jpeg"))
            assert b"top_k" in body
        handler.close()


def test_a_port_that_speaks_something_else_does_no_harm(tmp_path: Path) -> None:
    with StandIn(Model()) as rest:
        ports = {"TFS_REST_PORTS": str(rest.server_port), "TFS_GRPC_PORTS": str(rest.server_port)}
        handler = Handler(code=tmp_path, environment={"TFBATCH_OUTPUT": "top_k", **ports})
        body, _ = handler(io.BytesIO(b"1"), OldContext(rest.uri, "image/jpeg"))
        assert b"top_k" in body
        handler.close()


def test_numbers_travel_packed_with_their_shape(both: Both) -> None:
    inputs: dict[str, Any] = {
        "image_bytes": tensor("STRING", -1),
        "x": tensor("FLOAT", -1, 2),
        "n": tensor("INT64", -1),
    }
    both.server.model.signature = {**IMAGES, "inputs": inputs}
    features: dict[str, Any] = {"image/encoded": b"1", "x": [0.5, -2.0], "n": [-3]}
    record = example(**features)
    both.fast(
        io.BytesIO(tfrecord(record) * 2), OldContext(both.server.uri, "application/x-tfrecord")
    )
    asked = both.predictions.asked[0]
    floats = next(wire.messages(asked["x"], 4))
    assert struct.unpack("<4f", floats) == (0.5, -2.0, 0.5, -2.0)
    assert struct.unpack("<2q", next(wire.messages(asked["n"], 4))) == (-3, -3)
    shape = next(wire.messages(asked["x"], 2))
    assert [wire.integer(size, 1) for size in wire.messages(shape, 2)] == [2, 2]


@given(
    rows=st.integers(1, 9).flatmap(
        lambda width: st.lists(st.lists(FLOATS, min_size=width, max_size=width), max_size=5)
    ),
    k=st.integers(1, 6),
)
def test_many_rows_at_once_are_ranked_as_each_alone(rows: list[list[float]], k: int) -> None:
    views = [memoryview(np.array(row, np.float32).tobytes()).cast("f") for row in rows]
    assert list(top_k.likeliest_of(views, k)) == [top_k.likeliest(row, k) for row in rows]


@given(FLOATS)
def test_a_float_keeps_its_value_in_the_fewest_of_tensorflow_servings_digits(value: float) -> None:
    text = top_k.as_decimal(value)
    assert np.float32(json.loads(text)) == np.float32(value)
    assert isinstance(json.loads(text), float if np.isfinite(value) else str)
