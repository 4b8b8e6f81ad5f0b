"""Describes how the records of each format become inputs of a signature."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfbatch_handler import instance
from tfbatch_handler.acceptance import problem
from tfbatch_handler.outputs.top_k import top_k_of
from tfbatch_handler.signature import STRING, SignatureError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfbatch_handler.signature import Signature, Tensor

_ARTICLE = {"image_bytes": "image/encoded"}
"""The default feature of an input; see ``tfbatch_handler.environment``."""


def records(signature: Signature, features: Mapping[str, str]) -> dict[str, str]:
    """Content type -> what a record must be.

    Args:
        signature: the signature that the handler serves.
        features: input -> feature, from the stage's settings.
    """
    name = ", ".join(signature.inputs)
    lone = len(signature.inputs) == 1
    found = {}
    if instance.takes_bytes(signature):
        found["image/jpeg, image/png, image/*"] = f"the object's bytes, to {name}"
        found["application/x-recordio"] = f"a frame's bytes, to {name}"
    found["application/x-tfexample, application/x-tfrecord"] = _examples(signature, features)
    found["application/json, application/jsonlines"] = _json(signature)
    if not (lone and name.endswith("_bytes")):  # CSV is text
        row = f"a row: {_values(signature)}" if lone else f"a row with a header that names {name}"
        found["text/csv"] = row
        found["text/plain"] = f"a line, to {name}"
    if lone:
        found["application/x-npy"] = f"an array: {_values(signature)}"
    return {kinds: row for kinds, row in found.items() if not problem(_sent(kinds), signature)}


def _sent(kinds: str) -> str:
    """The content type that a job sends, for the handler to judge."""
    kind = kinds.partition(",")[0]
    return f"{kind}; header=present" if kind == "text/csv" else kind


def _examples(signature: Signature, features: Mapping[str, str]) -> str:
    names = _ARTICLE | dict(features)
    if instance.takes_serialized_examples(signature, names):
        (name,) = signature.inputs
        return f"the serialized tf.Example or tf.SequenceExample, whole, to {name}"
    pairs = (
        f"{names.get(name, name)!r} to {name}{_steps(tensor)}"
        for name, tensor in signature.inputs.items()
    )
    return f"features: {', '.join(pairs)}"


def _steps(tensor: Tensor) -> str:
    """A hint for an input of any number of steps, each with values."""
    row = (tensor.shape or ())[1:]
    is_steps = len(row) == 2 and row[0] < 0  # noqa: PLR2004  steps and values
    return " (a tf.SequenceExample's feature list)" if is_steps else ""


def _json(signature: Signature) -> str:
    if len(signature.inputs) == 1:
        ((name, tensor),) = signature.inputs.items()
        is_bytes = tensor.dtype == STRING and name.endswith("_bytes")
        return '{"b64": "…"}, base64' if is_bytes else _values(signature)
    return "{" + ", ".join(f'"{name}": {one}' for name, one in signature.inputs.items()) + "}"


def _values(signature: Signature) -> str:
    ((name, tensor),) = signature.inputs.items()
    shape = tensor.shape
    if shape is None:
        return f"values of any shape, to {name}"
    sizes = " x ".join("any" if size < 0 else str(size) for size in shape[1:])
    return f"{sizes or 'one'} {tensor.dtype.lower()}, to {name}"


def scores(signature: Signature) -> str:
    """The output that ``top_k`` uses, or why there is none."""
    try:
        found = top_k_of(signature, k=1, labels=())
    except SignatureError as error:
        return str(error)
    tensor = signature.outputs[found.output]
    size = tensor.shape[1] if tensor.shape else -1
    return f"{found.output}, {size:,} classes" if size > 0 else found.output
