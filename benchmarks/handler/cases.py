"""Requests in every format, for a handler whose server is a stub."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from benchmarks.handler import payloads

if TYPE_CHECKING:
    from collections.abc import Mapping

_ROWS = 200
_TOP_K = {"TFBATCH_OUTPUT": "top_k"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """What a handler is sent, and the model's inputs."""

    name: str
    kind: str
    """The Content-Type."""
    body: bytes
    inputs: Mapping[str, tuple[str, tuple[int, ...]]]
    records: int = 1
    environment: Mapping[str, str] = field(default_factory=dict)


IMAGE = {"image_bytes": ("STRING", (-1,))}
_PERSON = {"age": ("INT64", (-1, 1)), "income": ("FLOAT", (-1, 1)), "city": ("STRING", (-1, 1))}


def cases() -> list[Case]:
    """Every format, with one record or many."""
    jpeg, example = payloads.image(100_000), payloads.example(100_000)
    large, small = payloads.tfrecord(100_000), payloads.tfrecord(1_000)
    people = [{"age": 20 + i, "income": 1000.5 + i, "city": "Berlin"} for i in range(_ROWS)]
    fours = [[i / 7, 1.5, -2.25, 1e-3 * i] for i in range(_ROWS)]
    image = [[[0.5, 0.25, 0.125]] * 224] * 224
    four, pixels = {"x": ("FLOAT", (-1, 4))}, {"x": ("FLOAT", (-1, 224, 224, 3))}
    lines, csv, npy = "application/jsonlines", "text/csv", "application/x-npy"
    tfrecord = "application/x-tfrecord"

    def many(name: str, kind: str, body: bytes, inputs: Any, records: int = _ROWS) -> Case:  # noqa: ANN401
        return Case(name=name, kind=kind, body=body, inputs=inputs, records=records)

    return [
        many("JPEG of 100 KB, REST", jpeg.kind, jpeg.body, IMAGE, 1),
        Case(name="…gRPC", kind=jpeg.kind, body=jpeg.body, inputs=IMAGE, environment=_TOP_K),
        many("JPEG of 1 KB, REST", jpeg.kind, payloads.image(1000).body, IMAGE, 1),
        many("tf.Example of 100 KB", example.kind, example.body, IMAGE, 1),
        many("TFRecord, 50 of 100 KB", tfrecord, large.body, IMAGE, large.records),
        many("TFRecord, 50 of 1 KB", tfrecord, small.body, IMAGE, small.records),
        Case(
            name="…gRPC",
            kind=tfrecord,
            body=small.body,
            inputs=IMAGE,
            records=small.records,
            environment=_TOP_K,
        ),
        many("JSON Lines, three fields", lines, _lines(people), _PERSON),
        many("JSON Lines, four numbers", lines, _lines(fours), four),
        many("JSON Lines, one record", lines, _lines(people[:1]), _PERSON, 1),
        many("JSON Lines, an image of numbers", lines, _lines([image]), pixels, 1),
        many("JSON, four numbers", "application/json", json.dumps(fours).encode(), four),
        many("CSV, four numbers", csv, _csv(fours), four),
        many(
            "CSV, three named columns",
            "text/csv; header=present",
            b"age,income,city\n" + _csv([list(one.values()) for one in people]),
            _PERSON,
        ),
        many("npy, 200 of four numbers", npy, _npy(fours, (_ROWS, 4)), four),
        many("npy, an image", npy, _npy([[0.5] * 224 * 224 * 3], (224, 224, 3)), pixels, 1),
    ]


def _lines(records: list[Any]) -> bytes:
    return b"\n".join(json.dumps(record).encode() for record in records)


def _csv(rows: list[list[Any]]) -> bytes:
    return "\n".join(",".join(map(str, row)) for row in rows).encode()


def _npy(rows: list[list[float]], shape: tuple[int, ...]) -> bytes:
    head = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".encode()
    head += b" " * (-(len(head) + 11) % 64) + b"\n"
    values = [value for row in rows for value in row]
    data = struct.pack(f"<{len(values)}f", *values)
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + data
