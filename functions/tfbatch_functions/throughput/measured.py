"""Measures the rate of an instance from the logs of a run's jobs."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from tfbatch_functions.accounting import job_logs
from tfbatch_functions.throughput.answers import answers_in
from tfbatch_functions.throughput.rate import steady_rate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_MOST_JOBS: Final = 4
"""The jobs that worked longest. More of them would tell little more, and take time to read."""


def of_run(jobs: Sequence[Mapping[str, Any]], *, in_flight: int) -> dict[str, Any] | None:
    """The rate at which one instance predicted, between the ramps at the start and the end.

    An unreadable log gives no rate; it never fails a run.

    Args:
        jobs: all jobs of the run.
        in_flight: ``MaxConcurrentTransforms``.

    Returns:
        ``instanceType``, ``recordsPerSecond`` and ``interval``, half of the 95 % confidence
        interval as a share of the rate; ``None`` if there are too few answers to tell.
    """
    worked: Counter[str] = Counter()
    for job in jobs:
        worked[job["instanceType"]] += job["seconds"] * job["instances"]
    if not worked.total():
        return None
    (instance_type, _), *_ = worked.most_common(1)
    of_type = [job for job in jobs if job["instanceType"] == instance_type and job["seconds"]]
    longest = sorted(of_type, key=lambda job: job["seconds"], reverse=True)[:_MOST_JOBS]
    found = steady_rate(
        [answers for job in longest for answers in _of_instances(job["name"])],
        in_flight=in_flight,
    )
    if found is None:
        return None
    return {
        "instanceType": instance_type,
        "recordsPerSecond": float(f"{found.records_per_second:.4g}"),
        "interval": round(found.interval, 4),
    }


def _of_instances(job: str) -> Iterator[list[tuple[int, int]]]:
    """The answers of each instance of a job, in order."""
    streams: dict[str, list[tuple[int, int]]] = defaultdict(list)
    try:
        for stream, lines in job_logs.pages(job, lambda name: not job_logs.is_data_log(name)):
            streams[stream] += [answer for line in lines for answer in answers_in(line)]
    except (BotoCoreError, ClientError) as error:
        print(f"The log of {job} can't be read: {error}")  # noqa: T201 (Lambda's log)
    yield from map(sorted, streams.values())
