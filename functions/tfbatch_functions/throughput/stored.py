"""Finds the records per second of an instance: from settings, the tuner, the last run, or assumed.

The tuner and the workflow store their measurements in the work bucket, under
``throughput/<model>/<format>/<instance type>``, one of each.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from tfbatch_functions.s3.location import Location
from tfbatch_functions.s3.storage import read_json, write_json
from tfbatch_functions.throughput.assumed import assumed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfbatch_functions.s3.storage import Lister

TUNED: Final = "tuned"
RUN: Final = "run"
CERTAIN: Final = 0.1
"""A run's rate is kept if half of its 95 % confidence interval is at most this share of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Throughput:
    """A rate and its source."""

    records_per_second: float
    """Of one instance."""
    source: str
    """A sentence with its date."""


def known(
    storage: Lister, run: Mapping[str, Any], *, instance_type: str, settings: float | None
) -> Throughput:
    """The best known rate before a run.

    Args:
        storage: S3.
        run: the event's ``run``, with model, format and work bucket.
        instance_type: like ``ml.g5.xlarge``.
        settings: the stage's own figure.
    """
    if settings is not None:
        return Throughput(records_per_second=settings, source="settings")
    for kind in (TUNED, RUN):
        place = location(run, instance_type, kind)
        if storage.head(place) is not None:
            found = read_json(storage, place)
            return Throughput(
                records_per_second=found["recordsPerSecond"], source=_words(found, kind)
            )
    rate, source = assumed(instance_type)
    return Throughput(records_per_second=rate, source=source)


def keep(storage: Lister, run: Mapping[str, Any], measured: Mapping[str, Any] | None) -> None:
    """Store a run's rate for the next estimate, if it is certain.

    Args:
        storage: S3.
        run: the event's ``run``.
        measured: see :func:`tfbatch_functions.throughput.measured.of_run`.
    """
    if measured is None or measured["interval"] > CERTAIN:
        return
    document = {
        "recordsPerSecond": measured["recordsPerSecond"],
        "interval": measured["interval"],
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "execution": run["execution"],
    }
    write_json(storage, location(run, measured["instanceType"], RUN), document)


def location(run: Mapping[str, Any], instance_type: str, kind: str) -> Location:
    """The location of a rate.

    Args:
        run: the event's ``run``.
        instance_type: like ``ml.g5.xlarge``.
        kind: ``tuned`` or ``run``.
    """
    bucket = Location.folder(run["work"]).bucket
    return Location(
        bucket, f"throughput/{run['model']}/{run['format']}/{instance_type}.{kind}.json"
    )


def _words(found: Mapping[str, Any], kind: str) -> str:
    by = "the tuner" if kind == TUNED else f"run {found['execution']}"
    return f"{by}, {found['date']}"
