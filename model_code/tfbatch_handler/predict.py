"""Predictions of a payload's records: in batches the server takes, each bad record alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfbatch_handler.fleet import Refusal
from tfbatch_handler.record import BadRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tfbatch_handler.record import Decoded, Instance, Row

    Batch = Callable[[Sequence[Instance]], Sequence[Row]]
    """Predicts a batch, or raises ``Refusal``."""


def predict(records: Sequence[Decoded], batch: Batch, *, size: int) -> list[Row]:
    """Predict the good records as if the bad ones were not there.

    Args:
        records: of one payload.
        batch: predicts at most ``size`` instances.
        size: the most instances the server takes at once.

    Returns:
        A row for each record, in order.

    Raises:
        Outage: by ``batch``.
    """
    good = [record for record in records if not isinstance(record, BadRecord)]
    rows: list[Row] = []
    for start in range(0, len(good), size):
        rows += _batch(good[start : start + size], batch)
    if len(good) == len(records):
        return rows
    predicted = iter(rows)
    return [record if isinstance(record, BadRecord) else next(predicted) for record in records]


def _batch(instances: Sequence[Instance], batch: Batch) -> Sequence[Row]:
    """Predict a batch; one that is refused is halved until the culprits are alone."""
    try:
        return batch(instances)
    except Refusal as error:
        if len(instances) == 1:
            return [BadRecord(code="Refused", message=str(error))]
    half = len(instances) // 2
    return [*_batch(instances[:half], batch), *_batch(instances[half:], batch)]
