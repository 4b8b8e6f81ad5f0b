"""Options of an export: precision and outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Precision = Literal["float32", "mixed_float16", "mixed_bfloat16"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Variant:
    """What is chosen of an export."""

    top_k: int | None = None
    """Answer with so many of the likeliest classes, in place of a probability for each."""
    precision: Precision = "float32"
    """Keras's policy; mixed ones compute in 16 bits and keep weights and answers in 32."""
    xla: bool = False
    """Compile the network by XLA, once for each size of batch that comes."""

    @property
    def is_exact(self) -> bool:
        """Whether it computes as the network was trained to."""
        return self.precision == "float32" and not self.xla
