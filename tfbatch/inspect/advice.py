"""Says what is odd about a signature that can be served, and how to export a better one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tfbatch_handler.signature import Signature


def advice(signature: Signature) -> Iterator[str]:
    """Sentences for the model's owner; none if there is nothing to say."""
    if not signature.takes_batches:
        tensors = {**signature.inputs, **signature.outputs}
        odd = next(
            name
            for name, one in tensors.items()
            if one.shape is not None and one.shape[:1] != (-1,)
        )
        yield (
            f"Records are predicted one at a time: {odd} is {tensors[odd]}, and only a first "
            "dimension of any size (?) takes a batch. Export it with tf.TensorSpec([None, ...]), "
            "or a Keras model with model.export(FOLDER)."
        )
