"""A bare ``tf.data`` loop over a SavedModel: MODEL DIRECTORY INTRA INTER CALLERS MOST.

DIRECTORY is called jpeg or tfrecord. INTRA and INTER are TensorFlow's threads, 0 for its own
choice. CALLERS is how many batches of 16 are predicted at a time, MOST how many records.
"""

# mypy: ignore-errors
# TensorFlow publishes no types.
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
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


def main(model: str, directory: str, *numbers: str) -> None:
    """Print records and seconds of the first MOST, the first batch (traces the graph) left out."""
    intra, inter, callers, most = map(int, numbers)
    tf.config.threading.set_intra_op_parallelism_threads(intra)
    tf.config.threading.set_inter_op_parallelism_threads(inter)
    predict = tf.saved_model.load(model).signatures["serving_default"]
    dataset = _images(Path(directory)).take(most)
    for batch in dataset.take(BATCH).batch(BATCH):
        predict(image_bytes=batch)

    def predicted(batch: tf.Tensor) -> tuple[int, float]:
        outputs = {name: value.numpy() for name, value in predict(image_bytes=batch).items()}
        # Not after the loop: its end may wait for seconds, for tf.data's autotuner to wake.
        return len(next(iter(outputs.values()))), time.perf_counter()

    begun = time.perf_counter()
    batches = dataset.batch(BATCH).prefetch(2)
    if callers == 1:
        ends = [predicted(batch) for batch in batches]
    else:
        with ThreadPoolExecutor(callers) as threads:
            ends = list(threads.map(predicted, batches))
    seconds = max(ended for _, ended in ends) - begun
    print(json.dumps({"records": sum(count for count, _ in ends), "seconds": seconds}))


if __name__ == "__main__":
    main(*sys.argv[1:])
