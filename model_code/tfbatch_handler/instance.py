"""Builds the instance of a record from its values, by the signature."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from tfbatch_handler.fitting.error import FitError
from tfbatch_handler.fitting.fit import fitter
from tfbatch_handler.fitting.shape import row_shape
from tfbatch_handler.fitting.types import is_base64
from tfbatch_handler.protobuf.example import feature
from tfbatch_handler.record import Values
from tfbatch_handler.signature import STRING, SignatureError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tfbatch_handler.protobuf.example import Feature
    from tfbatch_handler.record import Instance
    from tfbatch_handler.signature import Signature

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
    return _shape_of_bytes(signature) is not None


def _shape_of_bytes(signature: Signature) -> tuple[int, ...] | None:
    """The shape in which one string of bytes is sent, or ``None`` if the model takes none."""
    if len(signature.inputs) != 1:
        return None
    (tensor,) = signature.inputs.values()
    return row_shape((), 1, tensor.shape) if tensor.dtype == STRING else None


def from_bytes(payload: bytes | memoryview, signature: Signature) -> Instance:
    """The instance of a model that takes one string of bytes.

    Raises:
        SignatureError: it takes something else.
    """
    shape = _shape_of_bytes(signature)
    if shape is None:
        raise SignatureError(
            f"the model takes {signature}, not one string of bytes a record: send tf.Examples "
            "with a feature per input, or export a signature that takes the bytes"
        )
    (name,) = signature.inputs
    return {name: Values(STRING, shape, [payload])}


def takes_serialized_examples(signature: Signature, names: Mapping[str, str]) -> bool:
    """Whether the servable parses tf.Examples, as Estimators' exports do."""
    if not takes_bytes(signature):
        return False
    name = next(iter(signature.inputs))
    return names.get(name, WHOLE if name in _SERIALIZED else "") == WHOLE


def features_reader(
    signature: Signature, names: Mapping[str, str]
) -> Callable[[Mapping[str, Feature]], Instance]:
    """What makes instances of the features of tf.Examples and tf.SequenceExamples.

    It raises ``ExampleError``: a feature is missing or damaged; ``FitError``: it has another type
    or size than its input.

    Args:
        signature: signature of the servable.
        names: signature input -> feature, if their names differ.
    """
    reads = [
        (name, read, fitter(read, tensor), tensor.shape in _SCALARS)
        for name, tensor in signature.inputs.items()
        for read in [names.get(name) or IMAGE_FEATURES.get(name, name)]
    ]

    def instance(features: Mapping[str, Feature]) -> Instance:
        found = {}
        for name, read, fit, is_scalar in reads:
            items = feature(features, read)
            found[name] = fit(items[0] if is_scalar and len(items) == 1 else items)
        return found

    return instance


def json_reader(signature: Signature) -> Callable[[Any], Instance]:
    """What makes instances of JSON values: objects with the inputs' names, or the only input's.

    It raises ``FitError``: an input is missing, or a value doesn't fit.
    """
    inputs = signature.inputs
    named = fields_reader(signature)
    (name, tensor), *others = inputs.items()
    fit = fitter(name, tensor)

    def read(value: Any) -> Instance:  # noqa: ANN401  JSON
        if type(value) is dict and (others or not is_base64(value)):
            return named(value)
        if others:
            raise FitError(
                f"the record is no object, and the model takes {signature}: write "
                f"{{{', '.join(f'{json.dumps(name)}: …' for name in inputs)}}}"
            )
        return {name: fit(value)}

    return read


def fields_reader(signature: Signature) -> Callable[[Mapping[str, Any]], Instance]:
    """What makes instances of records with named values. Fields that are no inputs are left out.

    It raises ``FitError``: an input is missing, or a value doesn't fit.
    """
    fits = [(name, fitter(name, tensor)) for name, tensor in signature.inputs.items()]

    def read(fields: Mapping[str, Any]) -> Instance:
        try:
            return {name: fit(fields[name]) for name, fit in fits}
        except (KeyError, FitError):
            _check_names(fields, signature)
            raise

    return read


def _check_names(fields: Mapping[str, Any], signature: Signature) -> None:
    missing = [name for name in signature.inputs if name not in fields]
    if missing:
        others = [name for name in fields if name not in signature.inputs]
        raise FitError(
            f"the record has no {_named(missing)}, and the model takes {signature}"
            + (f" (there is no input {_named(others)})" if others else "")
        ) from None


def _named(names: list[str]) -> str:
    return ", ".join(map(repr, names[:10])) + (", …" if names[10:] else "")
