"""Exports the tests' SavedModels into a folder; run as a program, for it imports TensorFlow."""

# mypy: ignore-errors
# TensorFlow publishes no types.
from __future__ import annotations

import sys

import tensorflow as tf
from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog


class Image(tf.Module):
    """The demo's signature: encoded images to classes and probabilities."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="image_bytes")])
    def serve(self, image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        probabilities = tf.map_fn(
            _mean_color, image_bytes, fn_output_signature=tf.TensorSpec([3], tf.float32)
        )
        return {"classes": tf.argmax(probabilities, -1), "probabilities": probabilities}


def _mean_color(encoded: tf.Tensor) -> tf.Tensor:
    image = tf.io.decode_image(encoded, channels=3, expand_animations=False)
    return tf.nn.softmax(tf.reduce_mean(tf.cast(image, tf.float32), [0, 1]) / 255.0)


class Vector(tf.Module):
    """Numbers, with several signatures."""

    def __init__(self) -> None:
        super().__init__()
        self.weights = tf.Variable([[0.5, 0.1], [0.25, 0.2], [1.0, 0.3]])

    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, name="x")])
    def serve(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"y": x @ self.weights}

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.int32, name="count"),
            tf.TensorSpec([None], tf.bool, name="flag"),
            tf.TensorSpec([None], tf.string, name="key_bytes"),
        ]
    )
    def several(
        self, count: tf.Tensor, flag: tf.Tensor, key_bytes: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        return {
            "double": 2 * count,
            "flag": tf.logical_not(flag),
            "key_bytes": key_bytes,
            "text": tf.strings.join(["<", key_bytes, ">"]),
        }

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.float32, name="x")])
    def ragged(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"sum": tf.reduce_sum(x, 1)}

    @tf.function(input_signature=[tf.TensorSpec([], tf.float32, name="x")])
    def scalar(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"y": x + 1}


def export_examples(path: str) -> None:
    """A model that classifies and regresses ``tf.Example`` messages, with warm-up requests."""
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        inputs = v1.placeholder(tf.string, [None])
        x = tf.io.parse_example(inputs, {"x": tf.io.FixedLenFeature([2], tf.float32)})["x"]
        total = tf.reduce_sum(x, 1)
        classes = tf.tile([["small", "large"]], [tf.shape(total)[0], 1])
        scores = tf.stack([1 - total, total], 1)
        builder = v1.saved_model.builder.SavedModelBuilder(path)
        builder.add_meta_graph_and_variables(
            session,
            ["serve"],
            signature_def_map={
                "serving_default": v1.saved_model.classification_signature_def(
                    inputs, classes, scores
                ),
                "value": v1.saved_model.regression_signature_def(inputs, total),
            },
        )
        builder.save()
    _write_warm_up(f"{path}/assets.extra")


def _write_warm_up(folder: str) -> None:
    example = tf.train.Example()
    example.features.feature["x"].float_list.value.extend([0.5, 0.25])
    predict, classify, regress = PredictionLog(), PredictionLog(), PredictionLog()
    tensor = tf.make_tensor_proto([example.SerializeToString()])
    predict.predict_log.request.inputs["inputs"].CopyFrom(tensor)
    classify.classify_log.request.input.example_list.examples.append(example)
    regress.regress_log.request.input.example_list.examples.append(example)
    regress.regress_log.request.model_spec.signature_name = "value"
    tf.io.gfile.makedirs(folder)
    with tf.io.TFRecordWriter(f"{folder}/tf_serving_warmup_requests") as writer:
        for log in (predict, classify, regress):
            writer.write(log.SerializeToString())


def main(folder: str) -> None:
    """Write ``image/1``, ``vector/1``, ``vector/2`` and ``examples/1``."""
    export_examples(f"{folder}/examples/1")
    image, vector = Image(), Vector()
    tf.saved_model.save(image, f"{folder}/image/1", signatures={"serving_default": image.serve})
    for version in (1, 2):
        vector.weights.assign(vector.weights * version)
        tf.saved_model.save(
            vector,
            f"{folder}/vector/{version}",
            signatures={
                "serving_default": vector.serve,
                "several": vector.several,
                "ragged": vector.ragged,
                "scalar": vector.scalar,
            },
        )


if __name__ == "__main__":
    main(sys.argv[1])
