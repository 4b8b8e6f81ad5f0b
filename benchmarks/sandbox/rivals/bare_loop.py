"""A bare ``tf.data`` loop over a SavedModel: MODEL DIRECTORY (jpeg or tfrecord), batches of 16."""

# mypy: ignore-errors
# TensorFlow publishes no types.
import json
import sys
import time
from pathlib import Path

import tensorflow as tf

BATCH = 16


def _images(directory: Path) -> tf.data.Dataset:
    files = [str(file) for file in sorted(directory.iterdir())]
    if directory.name == "jpeg":
        paths = tf.data.Dataset.from_tensor_slices(files)
        return paths.map(tf.io.read_file, num_parallel_calls=tf.data.AUTOTUNE)
    feature = {"image/encoded": tf.io.FixedLenFeature([], tf.string)}
    return tf.data.TFRecordDataset(files).map(
        lambda record: tf.io.parse_single_example(record, feature)["image/encoded"],
        num_parallel_calls=tf.data.AUTOTUNE,
    )


def main(model: str, directory: str) -> None:
    """Print records and seconds, the first batch (which traces the graph) left out."""
    predict = tf.saved_model.load(model).signatures["serving_default"]
    dataset = _images(Path(directory))
    for batch in dataset.take(BATCH).batch(BATCH):
        predict(image_bytes=batch)
    count, begun = 0, time.perf_counter()
    for batch in dataset.batch(BATCH).prefetch(2):
        outputs = {name: value.numpy() for name, value in predict(image_bytes=batch).items()}
        count += len(next(iter(outputs.values())))
        # Not after the loop: its end may wait for seconds, for tf.data's autotuner to wake.
        ended = time.perf_counter()
    print(json.dumps({"records": count, "seconds": ended - begun}))


if __name__ == "__main__":
    main(*sys.argv[1:])
