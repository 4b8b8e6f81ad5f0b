"""TensorFlow reads what tfbatch packs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tfbatch.demo.photos import Photos

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # TensorFlow's own


def test_tensorflow_reads_every_packed_photograph(collected: Photos) -> None:
    import tensorflow as tf  # noqa: PLC0415 - seconds

    spec = {
        name: tf.io.FixedLenFeature([], tf.string)
        for name in ("image/encoded", "image/format", "image/filename")
    }
    for file, names in collected.tfrecords.items():
        dataset = tf.data.TFRecordDataset(str(collected.directory / "tfrecords" / file))
        examples = [tf.io.parse_single_example(record, spec) for record in dataset]
        assert [e["image/filename"].numpy().decode() for e in examples] == list(names)
        assert {e["image/format"].numpy() for e in examples} == {b"jpeg"}
        for name, example in zip(names, examples, strict=True):
            jpeg = (collected.directory / "photos" / name).read_bytes()
            assert example["image/encoded"].numpy() == jpeg


def test_an_example_has_the_bytes_that_tensorflow_gives_it() -> None:
    import tensorflow as tf  # noqa: PLC0415 - seconds

    from tfbatch.records import example  # noqa: PLC0415

    features = {"image/encoded": bytes(range(256)) * 100, "image/format": b"jpeg", "é": b""}
    parsed = tf.train.Example.FromString(example.encode(features))
    found = {name: feature.bytes_list.value[0] for name, feature in parsed.features.feature.items()}
    assert found == features
