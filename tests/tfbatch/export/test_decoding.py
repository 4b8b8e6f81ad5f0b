"""The images of a batch are decoded beside one another, not one by one."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tfbatch.demo.photos import Photos

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # TensorFlow's own


def test_two_images_of_a_batch_are_decoded_at_a_time(collected: Photos) -> None:
    import tensorflow as tf  # noqa: PLC0415 - seconds

    from tests.tfbatch.export.networks import tiny  # noqa: PLC0415 - imports TensorFlow
    from tfbatch.export.serving import Classifier  # noqa: PLC0415 - imports TensorFlow

    meeting = threading.Barrier(2, timeout=30)

    class Meeting(Classifier):
        """Goes on with an image only when another one has come as far."""

        def _pixels(self, encoded: Any) -> Any:  # noqa: ANN401
            def meet(image: Any) -> Any:  # noqa: ANN401
                meeting.wait()  # raises, if images come one by one
                return image

            met = tf.numpy_function(meet, [encoded], tf.string, stateful=False)
            met.set_shape([])
            return super()._pixels(met)

    photos = [(collected.directory / "photos" / name).read_bytes() for name in collected.jpegs[:4]]
    classifier = Meeting(tiny(), normalize=lambda pixels: pixels)
    found = classifier.serve(tf.constant(photos))
    assert found["probabilities"].shape == (4, 5)
