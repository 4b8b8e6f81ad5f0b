"""Measures the processor time of each part that a record passes."""

from __future__ import annotations

import base64
import os
import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import tensorflow as tf
from tensorflow_serving.apis import predict_pb2  # type: ignore[import-untyped]

from benchmarks.decode import graphs
from benchmarks.decode.photographs import installed, jpeg
from benchmarks.handler import payloads
from benchmarks.handler.__main__ import (
    ARTICLE_IMAGE,
    FLOOR,
    PHOTOGRAPH,
    TOP_K,
    Side,
    cpu_per_record,
)
from benchmarks.handler.worker import OURS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benchmarks.handler.load import Payload

SIZE, QUALITY = (1024, 768), 85
"""Of the pictures: about 100 KB, as those of AWS's article."""
_TURNS, _CALLS = 7, 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """A way of records to the model, in microseconds of processor time."""

    name: str
    floor: float
    """gunicorn, gevent and falcon: a handler that reads and answers a constant."""
    handler: float
    """The same with tfbatch's handler."""


def ways() -> list[Way]:
    """JPEG objects, and TFRecord files one record or many a request; top-k answers."""
    sent: Mapping[str, Payload] = {
        "JPEG objects": payloads.image(PHOTOGRAPH),
        "TFRecord, one a request": payloads.example(PHOTOGRAPH),
        "TFRecord, many a request": payloads.tfrecord(PHOTOGRAPH),
    }
    return [_way(name, payload) for name, payload in sent.items()]


def _way(name: str, payload: Payload) -> Way:
    floor = Side(name="floor", script=FLOOR, payload=payload, environment={})
    ours = Side(name="tfbatch", script=OURS, payload=payload, environment=TOP_K)
    least, used = (1e6 * seconds for seconds in cpu_per_record([floor, ours]))
    return Way(name=name, floor=least, handler=used)


def article() -> float:
    """Microseconds of the article's handler for a photograph."""
    sent = payloads.image(PHOTOGRAPH)
    side = Side(name="article", script=ARTICLE_IMAGE, payload=sent, environment={})
    return 1e6 * cpu_per_record([side])[0]


@dataclass(frozen=True, kw_only=True, slots=True)
class Model:
    """What the model server takes for a record, in microseconds, without the network's layers."""

    base64: float
    """Of TensorFlow's own operation, over the picture in base64."""
    message: float
    """Of protobuf's parser, over a gRPC request with the picture."""
    before: float
    """Decoding all pixels, cropping and resizing to 224 x 224."""
    exact: float
    scaled: float
    network: float
    """ResNet-50 in a batch of 16, without a GPU."""


def model() -> Model:
    """Measure on one core."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        return _model()
    finally:
        os.sched_setaffinity(0, cores)


def _model() -> Model:
    files = [jpeg(picture, SIZE, QUALITY) for picture in installed()[:6]]
    texts = [tf.constant(base64.urlsafe_b64encode(file)) for file in files]
    requests = [_request(file) for file in files]
    batch = tf.constant(files * 4)
    sides = (graphs.export_before, graphs.export("exact"), graphs.export("scaled"))
    decoders = [graphs.batched(one) for one in sides]
    return Model(
        base64=_micros(lambda index: tf.io.decode_base64(texts[index]).numpy()),
        message=_micros(lambda index: predict_pb2.PredictRequest.FromString(requests[index])),
        network=_network(),
        **{
            name: _of_batch(decoder, batch)
            for name, decoder in zip(("before", "exact", "scaled"), decoders, strict=True)
        },
    )


def _network() -> float:
    network = tf.function(tf.keras.applications.ResNet50(weights=None), reduce_retracing=True)
    return _of_batch(network, tf.random.uniform([16, 224, 224, 3]))


def _request(file: bytes) -> bytes:
    request = predict_pb2.PredictRequest()
    request.inputs["image_bytes"].CopyFrom(tf.make_tensor_proto([file]))
    return bytes(request.SerializeToString())


def _micros(call: Callable[[int], Any]) -> float:
    """Of a call, the median of the turns."""
    turns = []
    for _ in range(_TURNS):
        begun = time.process_time()
        for number in range(_CALLS):
            call(number % 6)
        turns.append((time.process_time() - begun) / _CALLS)
    return 1e6 * statistics.median(turns)


def _of_batch(decoder: Any, batch: Any) -> float:  # noqa: ANN401 # TensorFlow's
    decoder(batch)
    turns = []
    for _ in range(_TURNS):
        begun = time.process_time()
        decoder(batch).numpy()
        turns.append((time.process_time() - begun) / len(batch))
    return 1e6 * statistics.median(turns)
