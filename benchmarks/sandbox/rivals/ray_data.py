"""Ray Data's map_batches over a SavedModel: MODEL DIRECTORY (jpeg or tfrecord), batches of 16.

The predictions are left as files, as a transform job leaves them.
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

    def __init__(self, model: str) -> None:
        import tensorflow as tf  # noqa: PLC0415 - in the actor

        self._tf = tf
        self._predict = tf.saved_model.load(model).signatures["serving_default"]
        self._began = 0.0

    def __call__(self, batch: dict) -> dict:
        """The outputs of a batch."""
        self._began = self._began or time.time()
        key = "bytes" if "bytes" in batch else "image/encoded"
        images = self._tf.constant(list(batch[key]), self._tf.string)
        outputs = self._predict(image_bytes=images)
        began = {"began": np.full(len(images), self._began)}
        return began | {name: value.numpy() for name, value in outputs.items()}


def main(model: str, directory: str) -> None:
    """Print records and seconds, from the first batch that reaches the model to the last file."""
    ray.init(include_dashboard=False, log_to_driver=False, configure_logging=False)
    read = ray.data.read_binary_files if directory.endswith("jpeg") else ray.data.read_tfrecords
    predicted = read(directory).map_batches(
        Predictor, fn_constructor_args=(model,), batch_size=BATCH, concurrency=1
    )
    with tempfile.TemporaryDirectory() as output:
        predicted.write_json(output)
        ended = time.time()
        texts = [file.read_text().splitlines() for file in Path(output).iterdir()]
    began = min(json.loads(lines[0])["began"] for lines in texts)
    print(json.dumps({"records": sum(map(len, texts)), "seconds": ended - began}))


if __name__ == "__main__":
    main(*sys.argv[1:])
