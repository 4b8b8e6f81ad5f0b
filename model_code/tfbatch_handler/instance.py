"""Builds the instance of a record from its values, by the signature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tfbatch_handler.fitting.error import FitError
from tfbatch_handler.fitting.fit import fit
from tfbatch_handler.fitting.shape import row_shape
from tfbatch_handler.fitting.types import is_base64
from tfbatch_handler.protobuf.example import feature
from tfbatch_handler.record import Values
from tfbatch_handler.signature import STRING, SignatureError

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
_SCALARS: Final = ((-1,), None)
"""Shapes of an input that takes one scalar a record, or anything."""
_SERIALIZED = frozenset(("examples", "example", "inputs", "serialized", "input_example_tensor"))


def takes_bytes(signature: Signature) -> bool:
    """Whether a record is one string of bytes, such as an encoded image."""
    tensors = list(signature.inputs.values())
    return (
        len(tensors) == 1
        and tensors[0].dtype == STRING
        and row_shape((), 1, tensors[0].shape) is not None
    )


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
    shape = row_shape((), 1, tensor.shape) or ()
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
        ExampleError: a feature is missing or damaged.
        FitError: a feature has another type or size than its input.
    """
    return {
        name: _values(feature(features, read), read, tensor)
        for name, tensor in signature.inputs.items()
        for read in [names.get(name) or IMAGE_FEATURES.get(name, name)]
    }


def _values(items: Feature, name: str, tensor: Tensor) -> Values:
    if len(items) == 1 and tensor.shape in _SCALARS:
        if tensor.dtype == STRING and isinstance(items[0], memoryview):  # a photograph, quickly
            return Values(dtype=STRING, shape=(), items=items)
        return fit(items[0], name, tensor)
    return fit(items, name, tensor)


def from_json(value: Any, signature: Signature) -> Instance:  # noqa: ANN401  JSON
    """The instance of a JSON value: an object with the inputs' names, or the only input's value.

    Raises:
        FitError: an input is missing, or a value doesn't fit.
    """
    inputs = signature.inputs
    if type(value) is dict and not (len(inputs) == 1 and is_base64(value)):
        return from_fields(value, signature)
    if len(inputs) > 1:
        names = ", ".join(f'"{name}": …' for name in inputs)
        raise FitError(
            f"the record is no object, and the model takes {signature}: write {{{names}}}"
        )
    name, tensor = next(iter(inputs.items()))
    return {name: fit(value, name, tensor)}


def from_fields(fields: Mapping[str, Any], signature: Signature) -> Instance:
    """The instance of a record with named values. Fields that are no inputs are left out.

    Raises:
        FitError: an input is missing, or a value doesn't fit.
    """
    missing = [name for name in signature.inputs if name not in fields]
    if missing:
        others = [name for name in fields if name not in signature.inputs]
        raise FitError(
            f"the record has no {_named(missing)}, and the model takes {signature}"
            + (f" (there is no input {_named(others)})" if others else "")
        )
    return {name: fit(fields[name], name, tensor) for name, tensor in signature.inputs.items()}


def _named(names: list[str]) -> str:
    return ", ".join(map(repr, names[:10])) + (", …" if names[10:] else "")
