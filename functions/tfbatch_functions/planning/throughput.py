"""Finds the records per second of an instance: from settings, the tuner or the last run.

The tuner and the workflow's last step leave what they measured in the work bucket, under
``throughput/<model>/<format>/<instance type>``; a model, format and type have one figure of each.
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
"""Fewer measure how long a container takes to start."""
_ARTICLE: Final = 70.0
_OF_ARTICLE: Final = "AWS's article of 100,000 photos on ml.p3.2xlarge; nothing was measured here"


@dataclass(frozen=True, slots=True, kw_only=True)
class Throughput:
    """A rate, and where it is from."""

    records_per_second: float
    """Of one instance."""
    source: str
    """In words, with its date."""


def known(
    storage: Lister, run: Mapping[str, Any], *, instance_type: str, settings: float | None
) -> Throughput:
    """The best that is known, before a run.

    Args:
        storage: S3.
        run: the event's; its model, format and work bucket.
        instance_type: as in ``ml.g5.xlarge``.
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
    """Leave what a run did for the next one's estimate, if it tells anything of one type."""
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
    """Where a figure lies.

    Args:
        run: the event's.
        instance_type: as in ``ml.g5.xlarge``.
        kind: ``tuned`` or ``run``.
    """
    bucket = Location.folder(run["work"]).bucket
    return Location(
        bucket, f"throughput/{run['model']}/{run['format']}/{instance_type}.{kind}.json"
    )


def _words(found: Mapping[str, Any], kind: str) -> str:
    by = "the tuner" if kind == TUNED else f"run {found['execution']}"
    return f"{by}, {found['date']}"
