"""Classify and regress: ``tf.train.Example`` messages in, labels and values out.

Source: TensorFlow Serving's ``classifier.cc``, ``regressor.cc`` and ``util/json_tensor.cc``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tfbatch_sandbox.model_server.json_api.decimals import format_decimals
from tfbatch_sandbox.model_server.json_api.request import parse_json, signature_name
from tfbatch_sandbox.model_server.json_api.values import (
    check_lossless,
    debug_string,
    decode_b64,
    is_b64_object,
    json_type,
)
from tfbatch_sandbox.model_server.tensorflow.status import StatusError, invalid_argument

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from tfbatch_sandbox.model_server.tensorflow.dtypes import Array
    from tfbatch_sandbox.model_server.tensorflow.servable import Servable, Signature

    Predict = Callable[[Servable, Signature, Mapping[str, Array]], Awaitable[Mapping[str, Array]]]

_INT64: Final = range(-(2**63), 2**63)
_MATRIX: Final = 2


@dataclass(frozen=True, slots=True)
class Method:
    """The methods that a signature may declare."""

    name: str
    noun: str
    outputs: frozenset[str]

    def check(self, servable: Servable, signature_name: str) -> Signature:
        """The signature of a request.

        Raises:
            StatusError: INVALID_ARGUMENT, it doesn't exist or is for another method.
        """
        name = signature_name or "serving_default"
        signature = servable.signatures.get(name)
        if signature is None:
            raise invalid_argument(f"No signature was found with the name: {name}")
        method = servable.signature_defs[name].method_name
        if method != f"tensorflow/serving/{self.name}":
            raise invalid_argument(
                f"Expected {self.noun} signature method_name to be tensorflow/serving/{self.name}."
                f" Was: {method}"
            )
        if set(signature.inputs) != {"inputs"} or not self.outputs & set(signature.outputs):
            raise invalid_argument(f"No {self.noun} inputs or outputs found in SignatureDef")
        return signature


CLASSIFY: Final = Method("classify", "classification", frozenset({"classes", "scores"}))
REGRESS: Final = Method("regress", "regression", frozenset({"outputs"}))
METHODS: Final = {"classify": CLASSIFY, "regress": REGRESS}


def read_json(body: bytes) -> tuple[str, list[bytes]]:
    """The signature's name and the serialized examples of a JSON request.

    Raises:
        StatusError: INVALID_ARGUMENT, with TensorFlow Serving's message.
    """
    document = parse_json(body)
    name = signature_name(document)
    context = b"" if "context" not in document else _example(document["context"])
    if "examples" not in document:
        raise _format_error(
            document, "When method is classify, key 'examples' is expected and was not found"
        )
    examples = document["examples"]
    if not isinstance(examples, list):
        raise _format_error(document, "Expecting 'examples' value to be an list/array")
    if not examples:
        raise _format_error(document, "'examples' value is an empty array")
    # Concatenated serialized messages are one merged message.
    return name, [context + _example(each) for each in examples]


def _format_error(document: object, message: str) -> StatusError:
    return invalid_argument(f"JSON Value: {debug_string(document)} {message}")


def _example(value: object) -> bytes:
    from tensorflow.core.example.example_pb2 import Example  # noqa: PLC0415

    if not isinstance(value, dict):
        raise invalid_argument("Example must be JSON object but got JSON " + json_type(value))
    example = Example()
    for name, content in value.items():
        feature = example.features.feature[name]
        for element in content if isinstance(content, list) else [content]:
            _add(feature, name, element)
    serialized: bytes = example.SerializeToString()
    return serialized


def _add(feature: Any, name: str, value: Any) -> None:  # noqa: ANN401 - a message, and any JSON
    kind, element = _element(name, value)
    if feature.WhichOneof("kind") not in {None, kind}:
        held = feature.WhichOneof("kind").removesuffix("_list")
        raise invalid_argument(f"Unexpected element type in feature: {name} expecting type: {held}")
    getattr(feature, kind).value.append(element)


def _element(name: str, value: Any) -> tuple[str, Any]:  # noqa: ANN401 - any JSON value
    if is_b64_object(value):
        return "bytes_list", decode_b64(value)
    if isinstance(value, str):
        return "bytes_list", value.encode()
    if isinstance(value, float):
        check_lossless(value, np.dtype(np.float32), "float")
        return "float_list", value
    if isinstance(value, int) and value not in _INT64:
        raise invalid_argument(f"Feature: {name} has uint64_t element. Only int64_t is supported.")
    if isinstance(value, int):
        return "int64_list", int(value)
    raise invalid_argument(
        f"Feature: {name} has element with unexpected JSON type: {json_type(value)}"
    )


async def run(
    predict: Predict, servable: Servable, signature: Signature, examples: Sequence[bytes]
) -> Mapping[str, Array]:
    """The signature's outputs for serialized examples.

    Raises:
        StatusError: INVALID_ARGUMENT, there are none; or an error of the graph.
    """
    return await predict(servable, signature, {"inputs": as_strings(examples)})


def as_strings(examples: Sequence[bytes]) -> Array:
    """The examples as a signature's only input."""
    if not examples:
        raise invalid_argument("Input is empty.")
    array = np.empty(len(examples), object)
    array[:] = examples
    return array


def classifications(outputs: Mapping[str, Array], size: int) -> list[list[tuple[bytes, float]]]:
    """Labels and scores of each example. A signature may have only one of them.

    Raises:
        StatusError: INVALID_ARGUMENT, outputs are not [examples, classes].
    """
    given = [outputs[name] for name in ("classes", "scores") if name in outputs]
    for array in given:
        if array.ndim != _MATRIX or array.shape[0] != size or array.shape != given[0].shape:
            shape = "[" + ",".join(map(str, array.shape)) + "]"
            raise invalid_argument(
                f"Expected Tensor shape: [batch_size num_classes] but got {shape}"
            )
    labels = outputs["classes"] if "classes" in outputs else np.full(given[0].shape, b"", object)
    scores = outputs.get("scores", np.zeros(given[0].shape, np.float32))
    return [
        [(label, score) for label, score in zip(*row, strict=True)]
        for row in zip(labels, scores, strict=True)
    ]


def regressions(outputs: Mapping[str, Array], size: int) -> Array:
    """The value of each example.

    Raises:
        StatusError: INVALID_ARGUMENT, an output is not one value for each example.
    """
    values = outputs["outputs"]
    if values.shape not in {(values.size,), (values.size, 1)}:
        shape = "[" + ",".join(map(str, values.shape)) + "]"
        raise invalid_argument(
            "Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got "
            + shape
        )
    if len(values) != size:
        raise invalid_argument(
            f"Input batch size did not match output batch size: {size} vs. {len(values)}"
        )
    return values.reshape(-1).astype(np.float32)


def write_json(method: Method, outputs: Mapping[str, Array], size: int) -> bytes:
    """The JSON reply, in TensorFlow Serving's layout."""
    if method is REGRESS:
        values = ", ".join(format_decimals(regressions(outputs, size)))
        return f'{{\n    "results": [{values}]\n}}'.encode()
    rows = [_row(row) for row in classifications(outputs, size)]
    return f'{{\n    "results": [{", ".join(rows)}\n    ]\n}}'.encode()


def _row(row: Sequence[tuple[bytes, float]]) -> str:
    scores = format_decimals(np.array([score for _, score in row], np.float32))
    labels = [json.dumps(label.decode("utf-8", "replace"), ensure_ascii=False) for label, _ in row]
    pairs = [f"[{label}, {score}]" for label, score in zip(labels, scores, strict=True)]
    return "[" + ", ".join(pairs) + "]"
