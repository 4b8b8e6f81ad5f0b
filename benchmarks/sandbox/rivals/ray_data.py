"""Ray Data's map_batches over a SavedModel: MODEL DIRECTORY (jpeg or tfrecord), batches of 16."""

# mypy: ignore-errors
# Neither TensorFlow nor Ray, which is installed for the benchmark alone, is typed here.
import json
import sys
import time

import ray

BATCH = 16


class Predictor:
    """An actor that holds the model."""

    def __init__(self, model: str) -> None:
        import tensorflow as tf  # noqa: PLC0415 - in the actor

        self._tf = tf
        self._predict = tf.saved_model.load(model).signatures["serving_default"]

    def __call__(self, batch: dict) -> dict:
        """The outputs of a batch."""
        key = "bytes" if "bytes" in batch else "image/encoded"
        images = self._tf.constant(list(batch[key]), self._tf.string)
        return {name: value.numpy() for name, value in self._predict(image_bytes=images).items()}


def main(model: str, directory: str) -> None:
    """Print records and seconds, from the first batch that comes out to the last."""
    ray.init(include_dashboard=False, log_to_driver=False, configure_logging=False)
    read = ray.data.read_binary_files if directory.endswith("jpeg") else ray.data.read_tfrecords
    predicted = read(directory).map_batches(
        Predictor, fn_constructor_args=(model,), batch_size=BATCH, concurrency=1
    )
    begun, first, count = 0.0, 0, 0
    for batch in predicted.iter_batches(batch_size=BATCH):
        count += len(next(iter(batch.values())))
        if not begun:
            begun, first = time.perf_counter(), count
    print(json.dumps({"records": count - first, "seconds": time.perf_counter() - begun}))


if __name__ == "__main__":
    main(*sys.argv[1:])
