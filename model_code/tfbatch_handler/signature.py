"""Reads and checks a model's signature, from ``saved_model.pb`` or from TensorFlow Serving.

The synthesis uses it to refuse a model that the handler can't serve, and the handler to map records
to inputs.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tfbatch_handler.composite import composite_inputs
from tfbatch_handler.protobuf import wire
from tfbatch_handler.variables import unrestored

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT: Final = "serving_default"
_SHOWN: Final = 5
"""Variables that a message names."""
_INITIALIZER: Final = "__saved_model_init_op"
"""A signature in every SavedModel that can't be called."""

# tensorflow/core/framework/types.proto
DTYPES: Final = (
    *("INVALID", "FLOAT", "DOUBLE", "INT32", "UINT8", "INT16", "INT8", "STRING", "COMPLEX64"),
    *("INT64", "BOOL", "QINT8", "QUINT8", "QINT32", "BFLOAT16", "QINT16", "QUINT16", "UINT16"),
    *("COMPLEX128", "HALF", "RESOURCE", "VARIANT", "UINT32", "UINT64"),
)
FLOATS: Final = frozenset(("FLOAT", "DOUBLE", "HALF", "BFLOAT16"))
INTEGERS: Final = frozenset(
    ("INT8", "UINT8", "INT16", "UINT16", "INT32", "UINT32", "INT64", "UINT64", "BOOL")
)
STRING: Final = "STRING"
_NOT_IN_JSON: Final = frozenset(("HALF", "BFLOAT16", "UINT16"))
"""Numbers that TensorFlow Serving's REST API doesn't convert (json_tensor.cc)."""


class SignatureError(ValueError):
    """The model can't be served. The message says what was found and what to do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tensor:
    """One input or output of a signature."""

    name: str
    """The tensor in the graph, ``serving_default_image_bytes:0``; empty for a sparse one."""
    dtype: str
    """As in types.proto without ``DT_``: ``STRING``, ``FLOAT``, ``INT64``..."""
    shape: tuple[int, ...] | None
    """Sizes, -1 if not fixed; ``None`` if the rank is unknown."""

    def __str__(self) -> str:
        """For messages: ``string[?]``, ``float[?,224,224,3]``."""
        sizes = ("?" if size < 0 else str(size) for size in self.shape or ())
        return f"{self.dtype.lower()}[{'...' if self.shape is None else ','.join(sizes)}]"


@dataclass(frozen=True, kw_only=True)
class Signature:
    """The inputs and outputs of a servable."""

    inputs: Mapping[str, Tensor]
    outputs: Mapping[str, Tensor]
    method: str = ""
    """``tensorflow/serving/predict``, or classify or regress."""
    name: str = field(default=DEFAULT, compare=False)
    """Its name in the SavedModel."""
    unrestored: tuple[str, ...] = ()
    """Variables that it reads, and that have no value after loading."""
    tensorflow_version: str = field(default="", compare=False)
    """The version that wrote the SavedModel; empty from TensorFlow Serving, which doesn't give
    it."""

    @cached_property
    def takes_batches(self) -> bool:
        """Whether a request may have several records.

        It may not if a first dimension is fixed, as in exports of the TensorFlow 2 object detection
        API (``uint8[1,?,?,3]``), or if a tensor is a scalar.
        """
        return {*map(_first, self.inputs.values()), *map(_first, self.outputs.values())} == {-1}

    @cached_property
    def needs_columns(self) -> bool:
        """Whether TensorFlow Serving can't take or give rows: a tensor has no batch dimension."""
        inputs, outputs = map(_first, self.inputs.values()), map(_first, self.outputs.values())
        return None in inputs or not set(outputs) <= {-1, 1}

    def batched_outputs(self) -> frozenset[str]:
        """The outputs that have a batch dimension, of size 1, in the reply to one record."""
        given = set(map(_first, self.inputs.values()))
        sizes = ({1} if given & {-1, 1} else set()) | ({-1} if -1 in given else set())
        return frozenset(name for name, tensor in self.outputs.items() if _first(tensor) in sizes)

    def __str__(self) -> str:
        """For messages: ``(image_bytes: string[?]) -> (classes: int64[?])``."""
        return f"({_listed(self.inputs)}) -> ({_listed(self.outputs)})"


def _first(tensor: Tensor) -> int | None:
    """The size of the first dimension, -1 if it isn't fixed; ``None`` of a scalar."""
    if tensor.shape is None:
        return -1
    return tensor.shape[0] if tensor.shape else None


def _listed(tensors: Mapping[str, Tensor]) -> str:
    return ", ".join(f"{name}: {tensor}" for name, tensor in sorted(tensors.items()))


def read_saved_model(path: Path | str) -> dict[str, Signature]:
    """Read the signatures of the ``serve`` graph of a SavedModel.

    Args:
        path: its ``saved_model.pb``, or the directory of one.

    Raises:
        SignatureError: the file doesn't exist, is not a SavedModel, or has no graph tagged
            ``serve``.
    """
    file = Path(path)
    file = file / "saved_model.pb" if file.is_dir() else file
    try:
        return parse_saved_model(file.read_bytes())
    except FileNotFoundError:
        raise SignatureError(
            f"{file} is missing: export the model with tf.saved_model.save"
        ) from None
    except (wire.WireError, SignatureError) as error:
        raise SignatureError(f"{file}: {error}") from None


def parse_saved_model(data: bytes) -> dict[str, Signature]:
    """Read the signatures of the ``serve`` graph from the bytes of a saved_model.pb.

    Raises:
        wire.WireError: the bytes are not a protobuf message.
        SignatureError: no graph is tagged ``serve``.
    """
    found: list[str] = []
    for graph in wire.messages(memoryview(data), 2):
        info = next(wire.messages(graph, 1), memoryview(b""))
        tags = [str(tag, "utf-8", "replace") for tag in wire.messages(info, 4)]
        found += tags
        if "serve" in tags:
            version = wire.text(info, 5)
            signatures = {
                name: _marked(_signature(value, name=name, version=version), data)
                for name, value in wire.entries(graph, 5)
                if name != _INITIALIZER
            }
            return _without_values(signatures, graph)
    raise SignatureError(
        f"no graph is tagged 'serve' (tags found: {', '.join(found) or 'none'}): "
        "export the model with tf.saved_model.save"
    )


def _signature(data: memoryview, *, name: str, version: str) -> Signature:
    return Signature(
        inputs={name: _tensor(value) for name, value in wire.entries(data, 1)},
        outputs={name: _tensor(value) for name, value in wire.entries(data, 2)},
        method=wire.text(data, 3),
        name=name,
        tensorflow_version=version,
    )


def _marked(signature: Signature, saved_model: bytes) -> Signature:
    """Parts of ragged and sparse inputs lose their tensor's name, by which they are refused."""
    parts = composite_inputs(signature.inputs, saved_model)
    inputs = {
        name: replace(tensor, name="") if name in parts else tensor
        for name, tensor in signature.inputs.items()
    }
    return replace(signature, inputs=inputs)


def _without_values(signatures: Mapping[str, Signature], graph: memoryview) -> dict[str, Signature]:
    """The signatures with the variables that loading doesn't restore."""
    outputs = {
        name: [tensor.name for tensor in one.outputs.values()] for name, one in signatures.items()
    }
    missing = unrestored(graph, outputs)
    return {
        name: replace(one, unrestored=tuple(missing.get(name, ())))
        for name, one in signatures.items()
    }


def _tensor(data: memoryview) -> Tensor:
    shape = next(wire.messages(data, 3), memoryview(b""))
    sizes = tuple(wire.integer(dimension, 1) for dimension in wire.messages(shape, 2))
    number = wire.integer(data, 2)
    return Tensor(
        name=wire.text(data, 1),
        dtype=DTYPES[number] if 0 <= number < len(DTYPES) else f"type {number}",
        shape=None if wire.integer(shape, 3) else sizes,
    )


def parse_metadata(reply: Mapping[str, Any]) -> dict[str, Signature]:
    """Read the signatures from TensorFlow Serving's ``GET /v1/models/<name>/metadata``.

    Raises:
        SignatureError: the reply is not such a document.
    """
    try:
        signatures = reply["metadata"]["signature_def"]["signature_def"]
        return {
            name: Signature(
                inputs={key: _described(info) for key, info in value.get("inputs", {}).items()},
                outputs={key: _described(info) for key, info in value.get("outputs", {}).items()},
                method=value.get("method_name", ""),
                name=name,
            )
            for name, value in signatures.items()
            if name != _INITIALIZER
        }
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise SignatureError(
            f"TensorFlow Serving's metadata can't be read ({error!r}): {str(reply)[:200]}"
        ) from None


def _described(info: Mapping[str, Any]) -> Tensor:
    shape = info["tensor_shape"]
    return Tensor(
        name=info.get("name", ""),
        dtype=str(info["dtype"]).removeprefix("DT_"),
        shape=None
        if shape.get("unknown_rank")
        else tuple(int(dimension["size"]) for dimension in shape.get("dim", ())),
    )


def servable(
    signatures: Mapping[str, Signature],
    *,
    features: Mapping[str, str] | None = None,
    name: str = DEFAULT,
) -> Signature:
    """Choose the signature that the handler serves.

    Args:
        signatures: signatures of one SavedModel, by name.
        features: signature input -> tf.Example feature; checked too.
        name: of the signature to serve.

    Raises:
        SignatureError: there is no such signature, or the handler can't feed one of its inputs.
    """
    chosen = signatures.get(name)
    if chosen is None:
        others = ", ".join(sorted(signatures))
        raise SignatureError(
            f"there is no signature {name!r} (found: {others or 'none'}): "
            + ("set Model.signature to one of them, or " if others else "")
            + f"pass signatures={{{name!r}: ...}} to tf.saved_model.save, or export a Keras model "
            "with model.export(FOLDER)"
        )
    if not chosen.inputs or not chosen.outputs:
        raise SignatureError(
            f"{name} is {chosen}: a signature needs an input and an output; export a "
            "tf.function with an input_signature that returns a dictionary of tensors"
        )
    if chosen.unrestored:
        raise SignatureError(
            f"TensorFlow Serving can't predict with {name}: loading the SavedModel gives no value "
            f"to the variables {', '.join(chosen.unrestored[:_SHOWN])} (tf.saved_model.save writes "
            "such models of Keras 3, and Python's tf.saved_model.load hides it). Export a Keras "
            "model with model.export(FOLDER), or a part of one with keras.export.ExportArchive"
        )
    for key, tensor in chosen.inputs.items():
        _check_input(key, tensor, chosen.name)
    for key, tensor in (*chosen.inputs.items(), *chosen.outputs.items()):
        _check_type(key, tensor, chosen.name)
    _check_features(chosen, features or {})
    return chosen


def _check_type(name: str, tensor: Tensor, signature: str) -> None:
    if tensor.dtype in _NOT_IN_JSON:
        raise SignatureError(
            f"{name!r} of {signature} is {tensor}, and TensorFlow Serving's REST API has no "
            f"{tensor.dtype.lower()}: cast it from and to float32 or int32 in the signature"
        )


def _check_input(name: str, tensor: Tensor, signature: str) -> None:
    if not tensor.name:
        raise SignatureError(
            f"input {name!r} of {signature} is sparse or ragged, or a part of such an input, and a "
            "record has no values for its parts: export a signature with dense inputs, for example "
            "padded, and make them ragged in it (tf.RaggedTensor.from_tensor)"
        )
    if tensor.dtype not in FLOATS | INTEGERS | {STRING}:
        raise SignatureError(
            f"input {name!r} of {signature} is {tensor}, which no record can be turned into: "
            "export a signature that takes strings, floats or integers"
        )
    if tensor.shape and tensor.shape[0] not in {-1, 1}:
        raise SignatureError(
            f"input {name!r} of {signature} is {tensor}: its first dimension must be the batch, of "
            "any size or 1; export it with tf.TensorSpec([None, ...])"
        )


def _check_features(chosen: Signature, features: Mapping[str, str]) -> None:
    unknown = sorted(set(features) - set(chosen.inputs))
    if unknown:
        inputs = ", ".join(sorted(chosen.inputs))
        raise SignatureError(
            f"a tf.Example feature is named for {', '.join(map(repr, unknown))}, but "
            f"{chosen.name} has the inputs {inputs}: correct the features setting"
        )
