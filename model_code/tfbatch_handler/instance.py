"""Turns values into one instance of TensorFlow Serving's REST predict: a compact JSON row."""

from __future__ import annotations

import binascii
import json
import math
from typing import TYPE_CHECKING, Any, Final

from tfbatch_handler.example import ExampleError, feature
from tfbatch_handler.signature import FLOATS, STRING, SignatureError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tfbatch_handler.example import Feature
    from tfbatch_handler.signature import Signature, Tensor

WHOLE: Final = "*"
"""As a feature's name: the serialized tf.Example itself."""
_SERIALIZED = frozenset(("examples", "example", "inputs", "serialized", "input_example_tensor"))


def from_bytes(value: bytes | memoryview) -> bytes:
    """The row of a signature whose only input takes one string of bytes."""
    return b'{"b64":"%b"}' % binascii.b2a_base64(value, newline=False)


def require_single_string(signature: Signature) -> None:
    """Make sure that ``signature`` takes one string per record.

    Raises:
        SignatureError: it takes something else; says what.
    """
    tensors = list(signature.inputs.values())
    if len(tensors) != 1 or tensors[0].dtype != STRING:
        raise SignatureError(
            f"the model takes {signature}, not one string of bytes a record: send tf.Examples "
            "with a feature per input, or export a signature that takes the bytes"
        )


def takes_serialized_examples(signature: Signature, names: Mapping[str, str]) -> bool:
    """Whether the servable parses tf.Examples itself, as Estimators' exports do."""
    if len(signature.inputs) != 1:
        return False
    name, tensor = next(iter(signature.inputs.items()))
    return tensor.dtype == STRING and names.get(name, WHOLE if name in _SERIALIZED else "") == WHOLE


def from_features(
    features: Mapping[str, Feature], *, signature: Signature, names: Mapping[str, str]
) -> bytes:
    """The row of one tf.Example.

    Args:
        features: the Example's.
        signature: what the servable takes.
        names: signature input -> feature, where their names differ.

    Raises:
        ExampleError: a feature is missing, empty, of another type or of another size.
    """
    values = {}
    for name, tensor in signature.inputs.items():
        key = names.get(name, name)
        values[name] = _value(feature(features, key), name=key, tensor=tensor)
    if len(values) == 1:
        return next(iter(values.values()))
    return b"{%b}" % b",".join(b"%b:%b" % (dumps(name), value) for name, value in values.items())


def _value(values: Feature, *, name: str, tensor: Tensor) -> bytes:
    _check_type(values, name=name, tensor=tensor)
    if tensor.dtype == STRING:
        items = [from_bytes(value) for value in values]  # type: ignore[arg-type] # checked above
    else:
        items = [json.dumps(value).encode() for value in values]
    return _nested(items, _row_shape(len(items), name=name, tensor=tensor))


def _check_type(values: Feature, *, name: str, tensor: Tensor) -> None:
    kind = type(values[0])
    wanted = memoryview if tensor.dtype == STRING else int
    if kind is wanted or (tensor.dtype in FLOATS and kind is float):
        return
    found = {memoryview: "bytes", float: "floats", int: "integers"}[kind]
    raise ExampleError(f"feature {name!r} holds {found}, but the model takes {tensor}")


def _row_shape(count: int, *, name: str, tensor: Tensor) -> tuple[int, ...]:
    """The shape of one record's values, with at most one size that is not fixed worked out."""
    if tensor.shape is None:
        return (count,) if count > 1 else ()
    shape = tensor.shape[1:]
    known = math.prod(size for size in shape if size >= 0)
    unknown = [axis for axis, size in enumerate(shape) if size < 0]
    fits = len(unknown) <= 1 and (count % known == 0 if unknown and known else count == known)
    if not fits:
        raise ExampleError(
            f"feature {name!r} holds {count} values, which do not make {tensor} of one record"
        )
    return tuple(count // known if size < 0 else size for size in shape)


def _nested(items: Sequence[bytes], shape: tuple[int, ...]) -> bytes:
    """JSON arrays of ``shape`` around values given in row-major order."""
    for size in reversed(shape):
        starts = range(0, len(items), size)
        items = [b"[%b]" % b",".join(items[start : start + size]) for start in starts]
    return items[0]


def dumps(value: Any) -> bytes:  # noqa: ANN401  whatever JSON can say
    """Compact JSON."""
    return json.dumps(value, separators=(",", ":")).encode()
