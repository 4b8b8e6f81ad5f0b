"""The exported demo model, loaded once."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.paths import REPOSITORY
from tfbatch.demo import photos
from tfbatch.export import store
from tfbatch.export.catalog import DEMO_MODEL

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tfbatch.demo.photos import Photos


@pytest.fixture(scope="session")
def lite0() -> Path:
    """Where the demo's model lies, exported when it is not there."""
    # In a process of its own: numbers in a graph's names count what TensorFlow built before.
    subprocess.run(
        [sys.executable, "-m", "tfbatch", "export", DEMO_MODEL], check=True, cwd=REPOSITORY
    )
    return REPOSITORY / "models" / DEMO_MODEL


@pytest.fixture(scope="session")
def classify(lite0: Path) -> Callable[[Sequence[bytes]], dict[str, Any]]:
    """Call ``serving_default`` of the demo's model with encoded images."""
    import tensorflow as tf  # noqa: PLC0415 - seconds, and only where a test needs it

    model = tf.saved_model.load(str(lite0 / store.VERSION))
    serve = model.signatures["serving_default"]

    def call(images: Sequence[bytes]) -> dict[str, Any]:
        outputs = serve(image_bytes=tf.constant(list(images), tf.string))
        return {name: tensor.numpy() for name, tensor in outputs.items()}

    return call


@pytest.fixture(scope="session")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Photos:
    """The demo's photographs."""
    return photos.collect(tmp_path_factory.mktemp("photos"))
