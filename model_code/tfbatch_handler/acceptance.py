"""Says why a model can take no record of a content type, from its signature alone.

The synthesis and the workflow refuse such a pair before an instance is started. A pair that isn't
refused may still have bad records.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from tfbatch_handler import instance
from tfbatch_handler.signature import FLOATS, INTEGERS, STRING

if TYPE_CHECKING:
    from tfbatch_handler.signature import Signature, Tensor

_NAMED: Final = re.compile(r"\bheader=present\b|\bcolumns=.")
"""Parameters of a CSV whose columns have names."""
_CHANNELS: Final = frozenset((-1, 1, 3, 4))
_STEPS: Final = (-1, -1)
"""The shape of a feature list: steps, and the values of each."""
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
    elif open_ := _open(kind, signature):
        return f"a row or feature is a flat list, and the model takes {open_[0]} of any sizes"
    elif kind == "text/csv" and not lone and not _NAMED.search(parameters):
        return (
            f"the model takes {signature}: for several inputs the content type must be 'text/csv; "
            "header=present'"
        )
    return ""


def _open(kind: str, signature: Signature) -> list[Tensor]:
    """The inputs whose shape can't be told from a record of a format.

    Cells of a row have no shape. Nor have the values of a tf.Example's feature, but a
    tf.SequenceExample has a list of them for each step.
    """
    if kind == "application/x-recordio" and not instance.takes_bytes(signature):
        kind = "application/x-tfexample"
    if kind not in {"text/csv", "application/x-tfexample", "application/x-tfrecord"}:
        return []
    rows = {tensor: (tensor.shape or ())[1:] for tensor in signature.inputs.values()}
    open_ = [tensor for tensor, row in rows.items() if row.count(-1) > 1]
    return open_ if kind == "text/csv" else [one for one in open_ if rows[one] != _STEPS]


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
