"""Predicts the records of a payload in batches, and isolates records that fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfbatch_handler.record import BadRecord
from tfbatch_handler.serving.servers import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tfbatch_handler.record import Decoded, Instance, Row

    Batch = Callable[[Sequence[Instance]], Sequence[Row]]
    """Predicts a batch, or raises ``Refusal``."""


def predict(records: Sequence[Decoded], batch: Batch, *, size: int, merged: int = 0) -> list[Row]:
    """Predict the good records. Bad ones keep their place.

    Args:
        records: records of one payload.
        batch: predicts at most ``size`` instances.
        size: maximum instances in a request.
        merged: number of instances that the server merges from several requests; 0 without
            batching.

    Returns:
        A row for each record, in order.

    Raises:
        Outage: from ``batch``.
    """
    good = [record for record in records if not isinstance(record, BadRecord)]
    rows: list[Row] = []
    for start in range(0, len(good), size):
        rows += _batch(good[start : start + size], batch, merged)
    if len(good) == len(records):
        return rows
    predicted = iter(rows)
    return [record if isinstance(record, BadRecord) else next(predicted) for record in records]


def _batch(instances: Sequence[Instance], batch: Batch, merged: int) -> Sequence[Row]:
    """Predict a batch. A refused one is halved until the bad records are found."""
    try:
        return batch(instances)
    except Refusal as error:
        if len(instances) == 1:
            return [_alone(instances[0], batch, merged) if merged > 1 else _bad(error)]
    half = len(instances) // 2
    return [
        *_batch(instances[:half], batch, merged),
        *_batch(instances[half:], batch, merged),
    ]


def _alone(instance: Instance, batch: Batch, merged: int) -> Row:
    """Predict one instance that was refused in a batch merged with other requests.

    A server that merges requests refuses the whole batch for one record. Repeated as often as fills
    a batch, the instance has a batch to itself.
    """
    try:
        return batch([instance] * merged)[0]
    except Refusal as error:
        return _bad(error)


def _bad(error: Refusal) -> BadRecord:
    return BadRecord(code="Refused", message=str(error))
