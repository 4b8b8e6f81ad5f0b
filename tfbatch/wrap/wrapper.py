"""The wrapper: a SavedModel that calls another one's signature, with its variables and assets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tensorflow as tf

from tfbatch.wrap.preprocessing import pixels_of

if TYPE_CHECKING:
    from pathlib import Path

    from tfbatch.wrap.plan import Pixels, Plan

_PARALLEL_IMAGES = 16


class Wrapper(tf.Module):  # type: ignore[misc] # TensorFlow publishes no types
    """The original, and ``serve``, which becomes ``serving_default``."""

    def __init__(self, original: Any, plan: Plan) -> None:  # noqa: ANN401 # what TensorFlow loads
        super().__init__()
        self.original = original
        self.call = original.signatures[plan.signature]
        self._plan = plan
        specs = self.call.structured_input_signature[1]
        if plan.pixels is None:
            named = {name: tf.TensorSpec(s.shape, s.dtype, name) for name, s in specs.items()}
        else:
            named = {"image_bytes": tf.TensorSpec([None], tf.string, "image_bytes")}
        self.serve = tf.function(self._serve, autograph=False).get_concrete_function(**named)

    def _serve(self, **inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        if self._plan.pixels is None:
            outputs = self.call(**inputs)
        elif self._plan.pixels.is_one_by_one:
            outputs = self._one_by_one(inputs["image_bytes"], self._plan.pixels)
        else:
            outputs = self._all(inputs["image_bytes"], self._plan.pixels)
        return self._answer(outputs)

    def _all(self, encoded: tf.Tensor, pixels: Pixels) -> dict[str, tf.Tensor]:
        """Decode each image, and call the model with all of them."""
        spec = self.call.structured_input_signature[1][pixels.input]
        shape = [pixels.height, pixels.width, pixels.channels]
        images = tf.map_fn(
            lambda one: pixels_of(one, pixels),
            encoded,
            fn_output_signature=tf.TensorSpec(shape, spec.dtype),
            parallel_iterations=_PARALLEL_IMAGES,
        )
        return dict(self.call(**{pixels.input: images}))

    def _one_by_one(self, encoded: tf.Tensor, pixels: Pixels) -> dict[str, tf.Tensor]:
        """Call the model with each image, and stack its outputs."""
        return dict(
            tf.map_fn(
                lambda one: self.of_one(pixels_of(one, pixels), pixels),
                encoded,
                fn_output_signature={
                    name: tf.TensorSpec(_unbatched(spec.shape, pixels), spec.dtype)
                    for name, spec in self.call.structured_outputs.items()
                },
            )
        )

    def of_one(self, image: tf.Tensor, pixels: Pixels) -> dict[str, tf.Tensor]:
        """The original's outputs of one image, without a batch dimension."""
        if pixels.batch == "none":
            return dict(self.call(**{pixels.input: image}))
        outputs = self.call(**{pixels.input: image[None]})
        return {
            name: value[0] if _has_batch(value.shape, pixels) else value
            for name, value in outputs.items()
        }

    def _answer(self, outputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """All outputs, or the likeliest classes."""
        if not self._plan.top_k:
            return outputs
        best = tf.math.top_k(tf.cast(outputs[self._plan.scores], tf.float32), self._plan.top_k)
        return {"classes": tf.cast(best.indices, tf.int64), "probabilities": best.values}


def _has_batch(shape: tf.TensorShape, pixels: Pixels) -> bool:
    """Whether an output of one image has a batch dimension."""
    if pixels.batch == "none" or shape.rank == 0:
        return False
    return shape.rank is None or shape[0] == 1 or (pixels.batch == "many" and shape[0] is None)


def _unbatched(shape: tf.TensorShape, pixels: Pixels) -> tf.TensorShape:
    return shape[1:] if _has_batch(shape, pixels) else shape


def save(wrapper: Wrapper, directory: Path) -> None:
    """Write the wrapper as a SavedModel whose only signature is ``serving_default``."""
    signatures = {"serving_default": wrapper.serve}
    tf.saved_model.save(wrapper, str(directory), signatures=signatures)
    (directory / "fingerprint.pb").unlink()  # optional, and contains a random number
