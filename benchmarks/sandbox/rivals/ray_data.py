"""Ray Data's map_batches over a SavedModel: MODEL DIRECTORY INTRA INTER ACTORS MOST.

DIRECTORY is called jpeg or tfrecord. INTRA and INTER are TensorFlow's threads, 0 for its own
choice. ACTORS is how many have the model and predict batches of 16, MOST how many records. The
predictions are left as files, as a transform job leaves them.
"""

# mypy: ignore-errors
# Neither TensorFlow nor Ray, which is installed for the benchmark alone, is typed here.
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import ray

BATCH = 16


class Predictor:
    """An actor that holds the model."""

    def __init__(self, model: str, intra: int, inter: int) -> None:
        import tensorflow as tf  # noqa: PLC0415 - in the actor

        tf.config.threading.set_intra_op_parallelism_threads(intra)
        tf.config.threading.set_inter_op_parallelism_threads(inter)
        self._tf = tf
        self._predict = tf.saved_model.load(model).signatures["serving_default"]
        self._warm = 0.0

    def __call__(self, batch: dict) -> dict:
        """The outputs of a batch."""
        is_first = not self._warm
        key = "bytes" if "bytes" in batch else "image/encoded"
        images = self._tf.constant(list(batch[key]), self._tf.string)
        outputs = self._predict(image_bytes=images)
        found = {name: value.numpy() for name, value in outputs.items()}
        self._warm = self._warm or time.time()
        count = len(images)
        return found | {"warm": np.full(count, self._warm), "is_first": np.full(count, is_first)}


def main(model: str, directory: str, *numbers: str) -> None:
    """Print records and seconds, from when each actor has predicted a batch to the last file."""
    intra, inter, actors, most = map(int, numbers)
    ray.init(include_dashboard=False, log_to_driver=False, configure_logging=False)
    read = ray.data.read_binary_files if directory.endswith("jpeg") else ray.data.read_tfrecords
    predicted = (
        read(directory)
        .limit(most)
        .map_batches(
            Predictor,
            fn_constructor_args=(model, intra, inter),
            batch_size=BATCH,
            concurrency=actors,
            num_cpus=1 / actors,  # the others are for reading
        )
    )
    with tempfile.TemporaryDirectory() as output:
        predicted.write_json(output)
        ended = time.time()
        texts = [file.read_text() for file in Path(output).iterdir()]
    lines = [json.loads(line) for text in texts for line in text.splitlines()]
    warm = max(line["warm"] for line in lines)
    count = sum(not line["is_first"] for line in lines)
    print(json.dumps({"records": count, "seconds": ended - warm}))


if __name__ == "__main__":
    main(*sys.argv[1:])
