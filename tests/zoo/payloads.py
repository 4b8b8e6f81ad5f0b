"""Writes records in each format, by the libraries that people use."""

from __future__ import annotations

import base64
import csv
import io
import json
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.tfbatch_handler.serving import example, recordio, sequence_example, tfrecord
from tfbatch_handler import instance
from tfbatch_handler.signature import FLOATS, STRING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.zoo.conftest import Record
    from tfbatch_handler.signature import Signature

Payloads = list[tuple[bytes, int]]
"""Bodies of requests, each with its number of records."""


def is_binary(record: Record) -> bool:
    """Whether a value is bytes that are no text."""
    return any(isinstance(value, dict) for value in record.values())


def json_document(records: Sequence[Record], signature: Signature) -> Payloads:  # noqa: ARG001
    return [(json.dumps({"instances": list(records)}).encode(), len(records))]


def json_lines(records: Sequence[Record], signature: Signature) -> Payloads:  # noqa: ARG001
    lines = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    return [(lines.encode(), len(records))]


def json_lines_of_values(records: Sequence[Record], signature: Signature) -> Payloads:
    """The bare value of the only input."""
    if len(signature.inputs) > 1:
        return []
    lines = "".join(json.dumps(next(iter(record.values()))) + "\n" for record in records)
    return [(lines.encode(), len(records))]


def csv_rows(records: Sequence[Record], signature: Signature) -> Payloads:
    if len(signature.inputs) > 1 or any(map(is_binary, records)):
        return []
    return [_csv([_cells(record) for record in records], len(records))]


def csv_with_header(records: Sequence[Record], signature: Signature) -> Payloads:
    """A column for each input, if each has one value."""
    flat = [_cells(record) for record in records]
    if any(len(row) != len(signature.inputs) for row in flat) or any(map(is_binary, records)):
        return []
    return [_csv([list(records[0]), *flat], len(records))]


def _csv(rows: Sequence[Sequence[object]], count: int) -> tuple[bytes, int]:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode(), count


def _cells(record: Record) -> list[object]:
    return [cell for value in record.values() for cell in np.ravel(np.array(value, object))]


def text_lines(records: Sequence[Record], signature: Signature) -> Payloads:  # noqa: ARG001
    """A line for each record, if its text has no line breaks."""
    texts = [str(cell) for record in records for cell in _cells(record)]
    if any(map(is_binary, records)) or any("\n" in text for text in texts):
        return []
    return [("\n".join(texts).encode() + b"\n", len(records))]


def examples(records: Sequence[Record], signature: Signature) -> Payloads:
    """TFRecord files of tf.Examples; tf.SequenceExamples where an input is a list of steps; of a
    model that parses them, its records.
    """
    frames = [tfrecord(_example(record, signature)) for record in records]
    return [(b"".join(frames), len(records))]


def _example(record: Record, signature: Signature) -> bytes:
    if "examples" in record:
        return _bytes(record["examples"])
    lists = {
        name: [_feature(step, name, signature) for step in value]
        for name, value in record.items()
        if (signature.inputs[name].shape or ())[1:] == (-1, -1)
    }
    features = {
        instance.IMAGE_FEATURES.get(name, name): _feature(value, name, signature)
        for name, value in record.items()
        if name not in lists
    }
    return sequence_example(features, lists) if lists else example(**features)


def _feature(value: Any, name: str, signature: Signature) -> Any:  # noqa: ANN401 # JSON
    dtype = signature.inputs[name].dtype
    items = list(np.ravel(np.array(value, object)))
    if dtype == STRING:
        return _bytes(items[0])
    return [float(item) if dtype in FLOATS else int(item) for item in items]


def _bytes(value: Any) -> bytes:  # noqa: ANN401 # text, or {"b64": …}
    return base64.b64decode(value["b64"]) if isinstance(value, dict) else value.encode()


def arrays(records: Sequence[Record], signature: Signature) -> Payloads:
    """A NumPy array of one record each."""
    ((_, tensor),) = signature.inputs.items()
    kind = "<f4" if tensor.dtype == "FLOAT" else np.dtype(tensor.dtype.lower())
    return [(_saved(np.array(next(iter(record.values())), kind)), 1) for record in records]


def array_of_all(records: Sequence[Record], signature: Signature) -> Payloads:
    """A NumPy array of all records, if they are of one shape."""
    values = [np.array(next(iter(record.values()))) for record in records]
    ((_, tensor),) = signature.inputs.items()
    if len({value.shape for value in values}) > 1 or tensor.shape == ():
        return []
    kind = "<f4" if tensor.dtype == "FLOAT" else np.dtype(tensor.dtype.lower())
    return [(_saved(np.stack(values).astype(kind)), len(records))]


def _saved(array: Any) -> bytes:  # noqa: ANN401 # an array
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def objects(records: Sequence[Record], signature: Signature) -> Payloads:  # noqa: ARG001
    """The bytes themselves, one object a record."""
    return [(_bytes(np.ravel(np.array(next(iter(r.values())), object))[0]), 1) for r in records]


def frames(records: Sequence[Record], signature: Signature) -> Payloads:
    """The bytes themselves, or tf.Examples for a model that doesn't take bytes."""
    if instance.takes_bytes(signature):
        bodies = [body for body, _ in objects(records, signature)]
    else:
        bodies = [_example(record, signature) for record in records]
    return [(b"".join(map(recordio, bodies)), len(records))]


FORMATS: dict[str, tuple[str, Callable[[Sequence[Record], Signature], Payloads]]] = {
    "JSON": ("application/json", json_document),
    "JSON Lines": ("application/jsonlines", json_lines),
    "JSON Lines, values": ("application/jsonlines", json_lines_of_values),
    "CSV": ("text/csv", csv_rows),
    "CSV, header": ("text/csv; header=present", csv_with_header),
    "text": ("text/plain", text_lines),
    "TFRecord": ("application/x-tfrecord", examples),
    "npy": ("application/x-npy", arrays),
    "npy of all": ("application/x-npy", array_of_all),
    "image": ("image/png", objects),
    "RecordIO": ("application/x-recordio", frames),
}
"""Name -> content type, and how records are written."""
