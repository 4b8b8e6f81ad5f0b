"""Options of an export: precision and outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

Precision = Literal["float32", "mixed_float16", "mixed_bfloat16"]
Decode = Literal["exact", "scaled"]
DECODES: Final = get_args(Decode)
"""Whether large JPEG files are decoded in full size, or smaller from a part of their data."""
PIXELS = ("0..255", "0..1", "-1..1", "caffe", "torch")
"""The pixels that a network takes: as decoded, scaled, or a mode of ``keras.applications``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Variant:
    """Options of an export."""

    top_k: int | None = None
    """Return this number of likeliest classes instead of all probabilities."""
    precision: Precision = "float32"
    """Keras's dtype policy. Mixed ones compute in 16 bits and keep weights and outputs in 32."""
    exif: bool = False
    """Turn photographs as their EXIF orientation says."""
    decode: Decode = "exact"
    """With ``scaled`` the pixels differ from those of training."""
    xla: bool = False
    """Compile the network with XLA, once for each batch size."""

    @property
    def is_exact(self) -> bool:
        """Whether it computes as in training."""
        return self.precision == "float32" and not self.xla
