"""Makes the zoo: SavedModels as people have them, and what plain TensorFlow says of some records.

Run it as a program, with the folder to write and the folder of the PyPI packages that ship models;
it imports TensorFlow. It writes ``NAME/1`` for each model, and ``zoo.json``: for each model its
signature, records and predictions.
"""

# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, ANN202
# TensorFlow publishes no types.
from __future__ import annotations

import base64
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

v1 = tf.compat.v1
ZOO: dict[str, Any] = {}
"""Name -> function that saves a model to a folder and returns its records."""
SIGNATURES = {"another_signature": "embed", "guesslang": "predict"}


def model(make):
    """Add a model to the zoo, under the name of the function that makes it."""
    ZOO[make.__name__] = make
    return make


def _numbers(*shape: int, count: int = 3, dtype: str = "float32", low: int = 0, high: int = 10):
    rng = np.random.default_rng(7)
    if dtype.startswith("float"):
        return list(rng.normal(size=(count, *shape)).astype(dtype))
    return list(rng.integers(low, high, size=(count, *shape)).astype(dtype))


def _module(path, *, name="serving_default", **signature: object):
    """Save a function of tensors, given as ``function`` and its TensorSpecs by name."""
    function = signature.pop("function")
    specs = [tf.TensorSpec(shape, dtype, name=key) for key, (shape, dtype) in signature.items()]
    module = tf.Module()
    module.serve = tf.function(function, input_signature=specs)
    tf.saved_model.save(module, path, signatures={name: module.serve})


def _image(encoded):
    pixels = tf.io.decode_image(encoded, channels=3, expand_animations=False)
    return tf.reduce_mean(tf.cast(pixels, tf.float32), [0, 1])


def _png(*color: int) -> bytes:
    return tf.io.encode_png(np.full((6, 4, 3), color, np.uint8)).numpy()


@model
def keras_sequential(path):
    network = keras.Sequential([keras.Input((4,), name="x"), layers.Dense(3, activation="softmax")])
    network.export(path, verbose=False)
    return [{"x": row} for row in _numbers(4)]


@model
def keras_functional(path):
    inputs = keras.Input((2, 3), name="matrix")
    outputs = layers.Dense(2, name="out")(layers.Flatten()(inputs))
    keras.Model(inputs, outputs).export(path, verbose=False)
    return [{"matrix": row} for row in _numbers(2, 3)]


@model
def keras_subclassed(path):
    class Network(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = layers.Dense(2)

        def call(self, x):
            return tf.nn.relu(self.dense(x))

    network = Network()
    network(np.zeros((1, 5), np.float32))
    network.export(path, verbose=False)
    return [{"x": row} for row in _numbers(5)]


@model
def keras_columns(path):
    names = ("age", "income", "visits")
    inputs = {name: keras.Input((1,), name=name) for name in names}
    joined = layers.Concatenate()(list(inputs.values()))
    keras.Model(inputs, layers.Dense(1, activation="sigmoid")(joined)).export(path, verbose=False)
    return [dict(zip(names, row[:, None], strict=True)) for row in _numbers(3)]


@model
def keras_saved_by_tensorflow(path):
    """``tf.saved_model.save`` forgets the names of the inputs, and where the weights are."""
    names = ("age", "income")
    inputs = {name: keras.Input((1,), name=name) for name in names}
    joined = layers.Concatenate()(list(inputs.values()))
    tf.saved_model.save(keras.Model(inputs, layers.Dense(1)(joined)), path)
    return [{"inputs": row[:1], "inputs_1": row[1:]} for row in _numbers(2)]


@model
def keras_in_a_module(path):
    """A Keras model in a ``tf.Module``, as for a signature of one's own."""

    class Network(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.dense = keras.Sequential([keras.Input((3,)), layers.Dense(2)])

        @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, name="x")])
        def serve(self, x):
            return {"y": self.dense(x)}

    network = Network()
    tf.saved_model.save(network, path, signatures={"serving_default": network.serve})
    return [{"x": row} for row in _numbers(3)]


@model
def keras_several_outputs(path):
    inputs = keras.Input((4,), name="x")
    outputs = {"score": layers.Dense(1)(inputs), "parts": layers.Dense(3)(inputs)}
    keras.Model(inputs, outputs).export(path, verbose=False)
    return [{"x": row} for row in _numbers(4)]


@model
def keras_text(path):
    vectorize = layers.TextVectorization(
        vocabulary=["good", "bad", "movie"], output_sequence_length=4
    )
    inputs = keras.Input((1,), dtype="string", name="text")
    hidden = layers.GlobalAveragePooling1D()(layers.Embedding(5, 4)(vectorize(inputs)))
    keras.Model(inputs, layers.Dense(2)(hidden)).export(path, verbose=False)
    return [{"text": np.array([text])} for text in ("good movie", "a bad, bad movie", "été")]


@model
def ids_of_unequal_length(path):
    table = tf.Variable(np.random.default_rng(1).normal(size=(50, 4)).astype("float32"))

    class Network(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = table

        @tf.function(input_signature=[tf.TensorSpec([None, None], tf.int64, name="ids")])
        def serve(self, ids):
            return {"pooled": tf.reduce_sum(tf.gather(self.table, ids), 1)}

    network = Network()
    tf.saved_model.save(network, path, signatures={"serving_default": network.serve})
    return [{"ids": np.array(ids, np.int64)} for ids in ([1, 2, 3], [4], [5, 6, 7, 8, 9])]


@model
def ids_and_mask(path):
    _module(
        path,
        function=lambda ids, mask: {"sum": tf.reduce_sum(ids * mask, 1)},
        ids=([None, None], tf.int64),
        mask=([None, None], tf.int64),
    )
    return [
        {"ids": np.array(ids, np.int64), "mask": np.ones(len(ids), np.int64)}
        for ids in ([1, 2, 3], [4], [5, 6])
    ]


@model
def serialized_examples(path):
    spec = {"x": tf.io.FixedLenFeature([2], tf.float32)}
    _module(
        path,
        function=lambda examples: {
            "sum": tf.reduce_sum(tf.io.parse_example(examples, spec)["x"], 1)
        },
        examples=([None], tf.string),
    )
    found = []
    for row in _numbers(2):
        example = tf.train.Example()
        example.features.feature["x"].float_list.value.extend(row.tolist())
        found.append({"examples": example.SerializeToString()})
    return found


@model
def serialized_sequences(path):
    """The model parses tf.SequenceExamples itself."""
    steps = {"frames": tf.io.FixedLenSequenceFeature([2], tf.float32)}

    def parsed(record):
        _, found = tf.io.parse_single_sequence_example(record, sequence_features=steps)
        return tf.reduce_sum(found["frames"], 0)

    _module(
        path,
        function=lambda examples: {
            "sums": tf.map_fn(parsed, examples, fn_output_signature=tf.TensorSpec([2], tf.float32))
        },
        examples=([None], tf.string),
    )
    found = []
    for count in (3, 1, 2):
        sequence = tf.train.SequenceExample()
        for row in _numbers(2, count=count):
            step = sequence.feature_lists.feature_list["frames"].feature.add()
            step.float_list.value.extend(row.tolist())
        found.append({"examples": sequence.SerializeToString()})
    return found


@model
def frames_of_sequences(path):
    """Its inputs are a feature list and a context feature of tf.SequenceExamples."""
    _module(
        path,
        function=lambda frames, gain: {"sums": tf.reduce_sum(frames, 1) * gain[:, None]},
        frames=([None, None, None], tf.float32),
        gain=([None], tf.float32),
    )
    return [
        {"frames": _numbers(steps, size, count=1)[0], "gain": np.float32(steps)}
        for steps, size in ((3, 2), (1, 2), (2, 4))
    ]


@model
def tf1_simple_save(path):
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None, 3], name="x")
        weights = v1.get_variable("w", initializer=np.eye(3, dtype="float32") * 2)
        y = tf.matmul(x, weights)
        session.run(v1.global_variables_initializer())
        v1.saved_model.simple_save(session, path, inputs={"x": x}, outputs={"y": y})
    return [{"x": row} for row in _numbers(3)]


@model
def pixels_uint8(path):
    _module(
        path,
        function=lambda image: {"mean": tf.reduce_mean(tf.cast(image, tf.float32), [1, 2])},
        image=([None, 4, 4, 3], tf.uint8),
    )
    return [{"image": row} for row in _numbers(4, 4, 3, dtype="uint8", high=256)]


@model
def pixels_float(path):
    inputs = keras.Input((8, 8, 3), name="pixels")
    hidden = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3)(inputs))
    keras.Model(inputs, layers.Dense(3, activation="softmax")(hidden)).export(path, verbose=False)
    return [{"pixels": row} for row in _numbers(8, 8, 3)]


@model
def gray_of_any_size(path):
    _module(
        path,
        function=lambda image: {"mean": tf.reduce_mean(image, [1, 2, 3])},
        image=([None, None, None, 1], tf.float32),
    )
    return [{"image": _numbers(*size, 1, count=1)[0]} for size in ((2, 3), (4, 2), (3, 3))]


@model
def encoded_images(path):
    _module(
        path,
        function=lambda image_bytes: {
            "color": tf.map_fn(
                _image, image_bytes, fn_output_signature=tf.TensorSpec([3], tf.float32)
            )
        },
        image_bytes=([None], tf.string),
    )
    return [{"image_bytes": _png(*color)} for color in ((255, 0, 0), (0, 255, 9), (1, 2, 3))]


@model
def batch_of_one(path):
    def detect(image):
        mean = tf.reduce_mean(tf.cast(image, tf.float32), [1, 2])
        return {
            "detection_boxes": tf.stack([mean[:, :1] * tf.ones([1, 4])] * 3, 1),
            "detection_scores": mean,
            "num_detections": tf.constant([3.0]),
        }

    _module(path, function=detect, input_tensor=([1, None, None, 3], tf.uint8))
    return [
        {"input_tensor": _numbers(*size, 3, count=1, dtype="uint8", high=256)[0]}
        for size in ((5, 4), (2, 7), (3, 3))
    ]


@model
def detections(path):
    def detect(image):
        mean = tf.reduce_mean(image, [1, 2])
        return {
            "boxes": tf.repeat(mean[:, None, :1], 4, 2) * tf.ones([1, 5, 1]),
            "classes": tf.argmax(mean, 1, output_type=tf.int32)[:, None]
            * tf.ones([1, 5], tf.int32),
            "count": tf.cast(tf.ones_like(mean[:, 0]) * 5, tf.int32),
        }

    _module(path, function=detect, image=([None, 6, 6, 3], tf.float32))
    return [{"image": row} for row in _numbers(6, 6, 3)]


@model
def embeddings(path):
    weights = tf.constant(np.random.default_rng(2).normal(size=(4, 2048)).astype("float32"))
    _module(path, function=lambda x: {"embedding": x @ weights}, x=([None, 4], tf.float32))
    return [{"x": row} for row in _numbers(4)]


@model
def strings_out(path):
    names = tf.constant(["cat", "été", 'a "quote"'])
    _module(
        path,
        function=lambda x: {
            "label": tf.gather(names, tf.argmax(x, 1)),
            "score": tf.reduce_max(x, 1),
        },
        x=([None, 3], tf.float32),
    )
    return [{"x": row} for row in np.eye(3, dtype="float32")]


@model
def small_integers(path):
    _module(
        path,
        function=lambda a, b, c: {
            "sum": tf.cast(a, tf.int32) + tf.cast(b, tf.int32),
            "not": tf.logical_not(c),
            "byte": a,
        },
        a=([None, 2], tf.int8),
        b=([None, 2], tf.int16),
        c=([None], tf.bool),
    )
    return [
        {"a": a, "b": b, "c": np.bool_(number % 2)}
        for number, (a, b) in enumerate(
            zip(_numbers(2, dtype="int8", low=-9), _numbers(2, dtype="int16", low=-9), strict=True)
        )
    ]


@model
def doubles_and_long_integers(path):
    _module(
        path,
        function=lambda x, n: {"x": x / 3, "n": n + 1},
        x=([None], tf.float64),
        n=([None], tf.int64),
    )
    return [
        {"x": np.float64(x), "n": np.int64(n)} for x, n in ((1.5, 1), (-2.0, 2**53), (1e30, -7))
    ]


@model
def half_floats(path):
    _module(path, function=lambda x: {"y": x * 2}, x=([None, 2], tf.float16))
    return [{"x": row} for row in _numbers(2, dtype="float16")]


@model
def bfloat_inside(path):
    def double(x):
        return {"y": tf.cast(tf.cast(x, tf.bfloat16) * 2, tf.float32)}

    _module(path, function=double, x=([None, 2], tf.float32))
    return [{"x": row} for row in _numbers(2)]


@model
def another_signature(path):
    class Network(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, name="x")])
        def embed(self, x):
            return {"embedding": tf.concat([x, -x], 1)}

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="name")])
        def describe(self, name):
            return {"length": tf.strings.length(name)}

    network = Network()
    tf.saved_model.save(
        network, path, signatures={"serving_default": network.describe, "embed": network.embed}
    )
    return [{"x": row} for row in _numbers(2)]


@model
def scalar_text(path):
    def measure(text):
        return {"length": tf.strings.length(text), "letters": tf.strings.bytes_split(text)[:2]}

    _module(path, function=measure, text=([], tf.string))
    return [{"text": np.array(text)} for text in ("good movie", "bad", "xy")]


@model
def scalar_switch(path):
    def scale(x, training):
        return {"y": tf.where(training, x * 0.5, x), "rate": tf.constant(0.5)}

    _module(path, function=scale, x=([None, 3], tf.float32), training=([], tf.bool))
    return [{"x": row, "training": np.bool_(n % 2)} for n, row in enumerate(_numbers(3))]


@model
def basic_pitch(path):
    """By Spotify, Apache-2.0: audio to notes."""
    shutil.copytree(PACKAGES / "basic_pitch" / "saved_models" / "icassp_2022" / "nmp", path)
    return [{"input_2": row * 0.1} for row in _numbers(43844, 1, count=2)]


@model
def guesslang(path):
    """By Y. Somda, MIT: the programming language of a text; an Estimator's export."""
    shutil.copytree(PACKAGES / "guesslang" / "data" / "model", path)
    texts = ("import os\nprint(os.name)\n", "#include <stdio.h>\nint main() {}", "SELECT 1 FROM t;")
    return [{"content": np.array(text)} for text in texts]


def _predict(path: str, signature: str, records):
    """The records by the signature's inputs, and what TensorFlow says of each alone, unbatched."""
    predictions = []
    with tf.Graph().as_default(), v1.Session() as session:
        # The newer loader can't read models with the optimizers of Keras 2.
        found = v1.saved_model.load(session, ["serve"], path).signature_def[signature]
        if len(found.inputs) == 1:  # Keras names inputs as it likes
            records = [dict(zip(found.inputs, one.values(), strict=True)) for one in records]
        scalars = {
            name
            for name, info in found.inputs.items()
            if not info.tensor_shape.dim and not info.tensor_shape.unknown_rank
        }
        fetched = {name: info.name for name, info in found.outputs.items()}
        for record in records:
            given = {
                found.inputs[name].name: value if name in scalars else _array(value)[None]
                for name, value in record.items()
            }
            outputs = session.run(fetched, given)
            is_batch = len(scalars) < len(record)
            predictions.append({n: _row(value, is_batch) for n, value in outputs.items()})
    return records, predictions


def _row(value, is_batch):
    return _plain(value[0] if is_batch and np.shape(value)[:1] == (1,) else value)


def _array(value):
    return np.array(value, object) if isinstance(value, bytes) else np.asarray(value)


def _plain(value):
    """As JSON: bytes that are no text as ``{"b64": …}``."""
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return {"b64": base64.b64encode(value).decode()}
    if isinstance(value, str | np.str_):
        return str(value)
    if isinstance(value, np.ndarray) and value.ndim:
        return [_plain(one) for one in value]
    return np.asarray(value).item() if not isinstance(value, np.ndarray) else _plain(value.item())


def main(folder: Path) -> None:
    """Save every model with its records and predictions."""
    keras.utils.set_random_seed(0)
    told = {}
    for name, make in ZOO.items():
        path = str(folder / name / "1")
        records = make(path)
        signature = SIGNATURES.get(name, "serving_default")
        try:
            records, predictions = _predict(path, signature, records)
        except tf.errors.FailedPreconditionError:  # variables without a value
            predictions = None
        told[name] = {
            "signature": signature,
            "records": [{key: _plain(value) for key, value in one.items()} for one in records],
            "predictions": predictions,
        }
    (folder / "zoo.json").write_text(json.dumps(told))


if __name__ == "__main__":
    PACKAGES = Path(sys.argv[2])
    main(Path(sys.argv[1]))
