"""Says why a model can take no record of a content type, from its signature alone.

The synthesis and the workflow refuse such a pair before an instance is started. A pair that isn't
refused may still have bad records.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tfbatch_handler import instance
from tfbatch_handler.signature import FLOATS, INTEGERS, STRING

if TYPE_CHECKING:
    from tfbatch_handler.signature import Signature, Tensor

_CHANNELS: Final = frozenset((-1, 1, 3, 4))
_PIXEL_RANKS: Final = frozenset((3, 4))
"""Height, width and channels, with or without a batch."""


def problem(content_type: str, signature: Signature) -> str:
    """Why no record of a content type fits a signature; empty if one may.

    Args:
        content_type: of the library's formats, with its parameters.
        signature: the model's.
    """
    kind, _, parameters = content_type.lower().partition(";")
    kind = kind.strip()
    lone = len(signature.inputs) == 1
    takes_text = lone and next(iter(signature.inputs.values())).dtype == STRING
    if kind.startswith("image/") or kind == "application/x-image":
        if not instance.takes_bytes(signature):
            return f"an image is one string of bytes, and the model takes {signature}"
    elif kind == "application/x-npy" and (takes_text or not lone):
        return f"an array is one input of numbers, and the model takes {signature}"
    elif kind == "text/plain" and not takes_text:
        return f"a line is one string, and the model takes {signature}"
    elif _is_flat(kind, signature) and (
        open_ := [t for t in signature.inputs.values() if _is_open(t)]
    ):
        return f"a row or feature is a flat list, and the model takes {open_[0]} of any sizes"
    elif kind == "text/csv" and not lone and "header=present" not in parameters.replace(" ", ""):
        return (
            f"the model takes {signature}: for several inputs the content type must be 'text/csv; "
            "header=present'"
        )
    return ""


def _is_flat(kind: str, signature: Signature) -> bool:
    """Whether a format's values have no shape: cells of a row, values of a tf.Example's feature."""
    is_example = kind == "application/x-recordio" and not instance.takes_bytes(signature)
    return kind in {"text/csv", "application/x-tfexample", "application/x-tfrecord"} or is_example


def _is_open(tensor: Tensor) -> bool:
    """Whether a record's shape can't be told from its number of values."""
    return tensor.shape is not None and tensor.shape[1:].count(-1) > 1


def takes_pixels(signature: Signature) -> bool:
    """Whether the only input is one image, or a batch of images, of decoded pixels."""
    if len(signature.inputs) != 1:
        return False
    tensor = next(iter(signature.inputs.values()))
    return (
        tensor.dtype in FLOATS | INTEGERS
        and tensor.shape is not None
        and len(tensor.shape) in _PIXEL_RANKS
        and tensor.shape[-1] in _CHANNELS
    )
