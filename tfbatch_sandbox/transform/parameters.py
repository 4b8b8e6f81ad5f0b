"""Chooses payload, concurrency and strategy: from the request, the container or the defaults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfbatch_sandbox.transform.job import Requested

_MEBIBYTE: Final = 1024 * 1024
_DEFAULT_PAYLOAD_MB: Final = 6
_LARGEST_PAYLOAD_MB: Final = 100
_STRATEGIES: Final = {"MultiRecord": "MULTI_RECORD", "SingleRecord": "SINGLE_RECORD"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """The parameters in effect."""

    max_concurrent_transforms: int
    """Requests at a time, per instance."""
    max_payload_in_mb: int
    """0 allows bodies of any size, sent in chunks."""
    batch_strategy: str
    """``MULTI_RECORD`` or ``SINGLE_RECORD``."""

    @property
    def max_payload_bytes(self) -> int:
        """The largest request body. MultiRecord without a limit packs up to the maximum."""
        return (self.max_payload_in_mb or _LARGEST_PAYLOAD_MB) * _MEBIBYTE

    @property
    def is_chunked(self) -> bool:
        """Whether bodies are sent with chunked transfer encoding."""
        return self.max_payload_in_mb == 0

    def __str__(self) -> str:
        return (
            f"MaxConcurrentTransforms={self.max_concurrent_transforms}, "
            f"MaxPayloadInMB={self.max_payload_in_mb}, BatchStrategy={self.batch_strategy}"
        )


def choose_parameters(requested: Requested, proposed: Mapping[str, Any]) -> Parameters:
    """Choose the caller's value, else the container's, else the default.

    Args:
        requested: from CreateTransformJob; a concurrency of 0 leaves it to the container.
        proposed: the container's answer to ``/execution-parameters``; empty if it has none.

    Source: "Speed up a batch transform job" and "Your own inference code", developer guide.
    """
    payload = requested.max_payload_in_mb
    if payload is None:
        payload = int(proposed.get("MaxPayloadInMB", _DEFAULT_PAYLOAD_MB))
    strategy = _STRATEGIES.get(requested.batch_strategy or "") or proposed.get("BatchStrategy")
    return Parameters(
        max_concurrent_transforms=requested.max_concurrent_transforms
        or int(proposed.get("MaxConcurrentTransforms", 0))
        or 1,
        max_payload_in_mb=payload,
        batch_strategy=str(strategy or "MULTI_RECORD"),
    )
