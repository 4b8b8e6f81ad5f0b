"""Ray Data's map_batches over a SavedModel: MODEL DIRECTORY (jpeg or tfrecord), batches of 16."""

# mypy: ignore-errors
# Neither TensorFlow nor Ray, which is installed for the benchmark alone, is typed here.
import json
import sys
import time

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
    """Print records and seconds, from the first batch that reaches the model to the last result."""
    ray.init(include_dashboard=False, log_to_driver=False, configure_logging=False)
    read = ray.data.read_binary_files if directory.endswith("jpeg") else ray.data.read_tfrecords
    predicted = read(directory).map_batches(
        Predictor, fn_constructor_args=(model,), batch_size=BATCH, concurrency=1
    )
    began, count = 0.0, 0
    for batch in predicted.iter_batches(batch_size=BATCH):
        began = began or float(batch["began"][0])
        count += len(batch["began"])
    print(json.dumps({"records": count, "seconds": time.time() - began}))


if __name__ == "__main__":
    main(*sys.argv[1:])
