"""Builds an instance for TensorFlow Serving from values, by the signature."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from tfbatch_handler.protobuf.example import ExampleError, feature
from tfbatch_handler.record import Values
from tfbatch_handler.signature import FLOATS, STRING, SignatureError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfbatch_handler.protobuf.example import Values as Feature
    from tfbatch_handler.record import Instance
    from tfbatch_handler.signature import Signature, Tensor

WHOLE: Final = "*"
"""As a feature's name: the whole serialized tf.Example."""
IMAGE_FEATURES: Final = {"image_bytes": "image/encoded"}
"""The name of an image's bytes in a tf.Example in TensorFlow's own scripts. An input with the name
from AWS's examples takes it by default."""
_SERIALIZED = frozenset(("examples", "example", "inputs", "serialized", "input_example_tensor"))


def takes_bytes(signature: Signature) -> bool:
    """Whether a record is one string of bytes, such as an encoded image."""
    tensors = list(signature.inputs.values())
    return len(tensors) == 1 and tensors[0].dtype == STRING


def from_bytes(payload: bytes | memoryview, signature: Signature) -> Instance:
    """The instance of a model that takes one string of bytes.

    Raises:
        SignatureError: it takes something else.
    """
    if not takes_bytes(signature):
        raise SignatureError(
            f"the model takes {signature}, not one string of bytes a record: send tf.Examples "
            "with a feature per input, or export a signature that takes the bytes"
        )
    name, tensor = next(iter(signature.inputs.items()))
    shape = _row_shape(1, name=name, tensor=tensor)
    return {name: Values(dtype=STRING, shape=shape, items=[payload])}


def takes_serialized_examples(signature: Signature, names: Mapping[str, str]) -> bool:
    """Whether the servable parses tf.Examples, as Estimators' exports do."""
    if not takes_bytes(signature):
        return False
    name = next(iter(signature.inputs))
    return names.get(name, WHOLE if name in _SERIALIZED else "") == WHOLE


def from_features(
    features: Mapping[str, memoryview], *, signature: Signature, names: Mapping[str, str]
) -> Instance:
    """The instance of one tf.Example.

    Args:
        features: features of the Example.
        signature: signature of the servable.
        names: signature input -> feature, if their names differ.

    Raises:
        ExampleError: a feature is missing, empty, or has another type or size.
    """
    return {
        name: _values(feature(features, read), read, tensor)
        for name, tensor in signature.inputs.items()
        for read in [names.get(name) or IMAGE_FEATURES.get(name, name)]
    }


def _values(items: Feature, name: str, tensor: Tensor) -> Values:
    kind = type(items[0])
    wanted = memoryview if tensor.dtype == STRING else int
    if kind is not wanted and not (tensor.dtype in FLOATS and kind is float):
        found = {memoryview: "bytes", float: "floats", int: "integers"}[kind]
        raise ExampleError(f"feature {name!r} holds {found}, but the model takes {tensor}")
    shape = _row_shape(len(items), name=name, tensor=tensor)
    return Values(dtype=tensor.dtype, shape=shape, items=items)


def _row_shape(count: int, *, name: str, tensor: Tensor) -> tuple[int, ...]:
    """The shape of one record's values. At most one size that is not fixed is computed."""
    if tensor.shape is None:
        return (count,) if count > 1 else ()
    shape = tensor.shape[1:]
    if count == 1 and not shape:
        return ()
    known = math.prod(size for size in shape if size >= 0)
    unknown = sum(size < 0 for size in shape)
    if unknown > 1 or (count % known if unknown and known else count != known):
        raise ExampleError(
            f"feature {name!r} holds {count} values, which do not make {tensor} of one record"
        )
    return tuple(count // known if size < 0 else size for size in shape)
