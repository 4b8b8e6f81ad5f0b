"""Finds the records per second of an instance: from settings, the tuner or the last run.

The tuner and the workflow store their measurements in the work bucket, under
``throughput/<model>/<format>/<instance type>``, one of each.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from tfbatch_functions.s3.location import Location
from tfbatch_functions.s3.storage import read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tfbatch_functions.s3.storage import Lister

TUNED: Final = "tuned"
RUN: Final = "run"
LEAST_RECORDS: Final = 1000
"""Fewer records would measure the start of the container."""
_ARTICLE: Final = 70.0
_OF_ARTICLE: Final = "AWS's article of 100,000 photos on ml.p3.2xlarge; nothing was measured here"


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
    return Throughput(records_per_second=_ARTICLE, source=_OF_ARTICLE)


def keep(
    storage: Lister, run: Mapping[str, Any], summary: Mapping[str, Any], jobs: Sequence[Any]
) -> None:
    """Store a run's rate for the next estimate, if it used one instance type."""
    types = {job["instanceType"] for job in jobs if job["seconds"]}
    rate = summary["recordsPerInstanceSecond"]
    if len(types) == 1 and rate and summary["records"] >= LEAST_RECORDS:
        document = {
            "recordsPerSecond": rate,
            "date": f"{datetime.now(UTC):%Y-%m-%d}",
            "execution": run["execution"],
            "records": summary["records"],
        }
        write_json(storage, location(run, types.pop(), RUN), document)


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
