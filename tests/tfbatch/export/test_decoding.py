"""The images of a batch are decoded beside one another, not one by one."""

from __future__ import annotations

import io
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from tfbatch.export.variant import Variant

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


def test_a_photograph_is_turned_only_when_asked() -> None:
    import tensorflow as tf  # noqa: PLC0415 - seconds

    from tests.tfbatch.export.networks import tiny  # noqa: PLC0415 - imports TensorFlow
    from tfbatch.export.serving import Classifier  # noqa: PLC0415 - imports TensorFlow

    rng = np.random.default_rng(0)
    exif = Image.Exif()
    exif[0x0112] = 6
    jpeg = io.BytesIO()
    lying = Image.fromarray(rng.integers(0, 256, (5, 8, 3)).astype(np.uint8)).resize((80, 50))
    lying.save(jpeg, "JPEG", exif=exif)
    stored = tf.io.decode_image(jpeg.getvalue()).numpy()
    files = {False: stored, True: np.rot90(stored, 3)}
    network = tiny()
    for asked, pixels in files.items():
        classifier = Classifier(network, normalize=lambda x: x, variant=Variant(exif=asked))
        as_it_is = Classifier(network, normalize=lambda x: x)
        found = classifier.serve(tf.constant([jpeg.getvalue()]))["probabilities"]
        wanted = as_it_is.serve(tf.io.encode_png(pixels)[None])["probabilities"]
        np.testing.assert_allclose(found, wanted, rtol=1e-5)
