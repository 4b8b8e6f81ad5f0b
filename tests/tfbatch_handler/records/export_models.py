"""Exports models and predicts records with them in plain TensorFlow; run as a program.

``python export_models.py FOLDER`` reads ``FOLDER/wanted.json``, a list of ``[model, inputs]``, and
writes ``FOLDER/predicted.json`` with the outputs of each, predicted alone.
"""

# mypy: ignore-errors
# ruff: noqa: ANN001, ANN003, ANN201
# TensorFlow publishes no types.
from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import keras
import tensorflow as tf


def spec(dtype: str, *shape: int | None) -> tf.TensorSpec:
    return tf.TensorSpec([None, *shape], dtype)


def tabular() -> keras.Model:
    """Three numbers, as in a table."""
    keras.utils.set_random_seed(1)
    inputs = {name: keras.Input((1,), name=name) for name in ("age", "income", "visits")}
    joined = keras.layers.Concatenate()(list(inputs.values()))
    return keras.Model(inputs, keras.layers.Dense(2)(joined))


def counted(age, income, visits):
    return {"y": age + income / 1000, "visits": visits}


def text(text):
    return {"length": tf.strings.length(text, unit="UTF8_CHAR"), "text": text}


def ids(ids):
    return {"sum": tf.reduce_sum(ids, 1), "mean": tf.reduce_mean(tf.cast(ids, tf.float32), 1)}


def ids_and_mask(ids, mask):
    return {"sum": tf.reduce_sum(ids * mask, 1)}


def same(**inputs):
    return {name: tf.identity(value) for name, value in inputs.items()}


FUNCTIONS = {
    "counted": (
        counted,
        {"age": spec("float32", 1), "income": spec("float32", 1), "visits": spec("int64", 1)},
    ),
    "text": (text, {"text": spec("string", 1)}),
    "ids": (ids, {"ids": spec("int64", None)}),
    "ids_and_mask": (ids_and_mask, {"ids": spec("int64", None), "mask": spec("int64", None)}),
    "float": (same, {"x": spec("float32")}),
    "double": (same, {"x": spec("float64")}),
    "int64": (same, {"x": spec("int64")}),
    "uint8": (same, {"x": spec("uint8")}),
    "uint64": (same, {"x": spec("uint64")}),
    "bool": (same, {"x": spec("bool")}),
    "string": (same, {"x": spec("string")}),
    "grid": (same, {"x": spec("float32", 2, 3)}),
    "pairs": (same, {"x": spec("float32", None, 2)}),
    "column": (same, {"x": spec("float32", 3, 1)}),
}


def ragged(ids):
    return {"sum": tf.reduce_sum(ids, 1)}


def sparse(x):
    return {"sum": tf.reshape(tf.sparse.reduce_sum(x, 1), [-1])}


COMPOSITE = {
    "ragged": (ragged, tf.RaggedTensorSpec([None, None], tf.int64, 1)),
    "sparse": (sparse, tf.SparseTensorSpec([None, 10], tf.float32)),
}


def export_composite(folder: Path) -> None:
    for name, (function, spec_) in COMPOSITE.items():
        module = tf.Module()
        module.serve = tf.function(function, input_signature=[spec_])
        tf.saved_model.save(module, str(folder / name), {"serving_default": module.serve})


def export(folder: Path) -> None:
    tabular().export(folder / "tabular" / "1", verbose=False)
    for name, (function, inputs) in FUNCTIONS.items():
        served = tf.function(function).get_concrete_function(
            **{key: tf.TensorSpec(one.shape, one.dtype, key) for key, one in inputs.items()}
        )
        tf.saved_model.save(tf.Module(), str(folder / name / "1"), {"serving_default": served})


def predict(signature, inputs):
    """The outputs of one record, as JSON."""
    tensors = {
        name: tf.constant([inputs[name]], one.dtype)
        for name, one in signature.structured_input_signature[1].items()
    }
    return {name: plain(value[0].numpy()) for name, value in signature(**tensors).items()}


def plain(value):
    value = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, float) and not math.isfinite(value):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)]
    return value


def main(folder: Path) -> None:
    export(folder)
    export_composite(folder)
    signatures = {
        path.parent.name: tf.saved_model.load(str(path)).signatures["serving_default"]
        for path in folder.glob("*/1")
    }
    wanted = json.loads((folder / "wanted.json").read_text())
    predicted = [predict(signatures[model], inputs) for model, inputs in wanted]
    (folder / "predicted.json").write_text(json.dumps(predicted))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
