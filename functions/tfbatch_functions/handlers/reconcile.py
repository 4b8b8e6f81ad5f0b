"""Compares a round's inputs with its outputs, and lists what is missing.

The workflow calls it with ``cursor`` until ``done``. Its files depend only on the manifest, the
outputs and the previous round, so a call can be repeated.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from tfbatch_functions.accounting import rounds
from tfbatch_functions.accounting.data_log import has_served, reasons
from tfbatch_functions.accounting.jobs import job_of, why_missing
from tfbatch_functions.accounting.output_check import checker_of, names_of
from tfbatch_functions.accounting.outputs import exception, json_line
from tfbatch_functions.accounting.rounds import Rounds
from tfbatch_functions.runtime import log
from tfbatch_functions.runtime.deadline import has_time
from tfbatch_functions.s3.location import Location
from tfbatch_functions.s3.manifest import Manifest
from tfbatch_functions.s3.storage import storage, write_json
from tfbatch_functions.s3.upload import Upload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from types import TracebackType

    from tfbatch_functions.accounting.output_check import Checked, Checker
    from tfbatch_functions.runtime.deadline import Context, HasTime
    from tfbatch_functions.s3.storage import Storage

Event = dict[str, Any]
_NOTHING = {"outputs": 0, "missing": 0, "records": 0, "recordErrors": 0}


def handler(event: Event, context: Context) -> Event:
    """The Lambda handler: see :func:`reconcile`."""
    with log.told("reconcile", event) as line:
        result = reconcile(event, storage(), has_time(context))
        line |= {
            name: result[name] for name in ("outputs", "missing", "exceptions") if name in result
        }
        return result


def reconcile(event: Mapping[str, Any], storage: Storage, has_time: HasTime) -> Event:
    """Check inputs while there is time, and after the last one compute the shard's result.

    Returns:
        ``{"done": false, "cursor": …}``, or ``{"done": true, …}`` with the shard's ``outputs``
            and ``exceptions`` so far, the number of objects ``missing``, their ``manifest``,
            and, if the job failed without an output, whether its container ``served``.
    """
    run, number = event["run"], event["round"]
    names = names_of(storage, Location.parse(event["manifest"]))
    cursor = event.get("cursor") or {"position": 0, "segments": 0, "counts": _NOTHING}
    shard = Rounds(work=Location.folder(run["work"]), shard=event["shard"]["shard"])
    checker, position = _checker(event, storage), cursor["position"]
    segment = Segment(
        storage=storage,
        paths=[shard.segment(number, cursor["segments"], kind) for kind in rounds.KINDS],
        counts=dict(cursor["counts"]),
        why_missing=_why_missing(event, checker, names[position:]),
    )
    with (
        segment,
        contextlib.closing(checker.check_all(itertools.islice(names, position, None))) as checked,
    ):
        for one in checked:
            segment.add(one)
            position += 1
            if not has_time():
                break
    cursor = {"position": position, "segments": cursor["segments"] + 1, "counts": segment.counts}
    if position < len(names):
        return {"done": False, "cursor": cursor}
    return {"done": True, **_finish(event, shard, checker, storage, cursor)}


@dataclass(slots=True, kw_only=True)
class Segment:
    """The result of one call, written while it is computed."""

    storage: Storage
    paths: list[Location]
    """Paths of its predictions, exceptions and missing names."""
    counts: dict[str, int]
    """Counts of the round so far."""
    why_missing: Callable[[Location], str] | None
    """Gives the reason of an input without an output, if no other round will try it."""
    _files: list[Upload] = field(default_factory=list)
    _closing: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def __enter__(self) -> Self:
        self._files = [
            self._closing.enter_context(Upload(self.storage, path)) for path in self.paths
        ]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing.__exit__(kind, error, trace)

    def add(self, checked: Checked) -> None:
        """Add one input."""
        predictions, exceptions, missing = self._files
        if checked.answer is None:
            self.counts["missing"] += 1
            if self.why_missing is None:
                missing.write(json_line(checked.name))
            else:
                reason = checked.problem or self.why_missing(checked.source)
                exceptions.write(exception(key=checked.source.key, record=None, reason=reason))
            return
        output, scan = checked.answer.output, checked.answer.scan
        self.counts["outputs"] += 1
        self.counts["records"] += scan.lines
        self.counts["recordErrors"] += scan.errors
        joined = {"input": checked.source.uri, "output": output.uri, "records": scan.lines}
        predictions.write(json_line(joined))
        with scan.exceptions as lines:
            shutil.copyfileobj(lines, exceptions)


def _checker(event: Mapping[str, Any], storage: Storage) -> Checker:
    shard, run = event["shard"], event["run"]
    return checker_of(
        storage,
        manifest=Location.parse(shard["manifest"]),
        output=Location.folder(shard["output"]),
        run=run,
    )


def _why_missing(
    event: Mapping[str, Any], checker: Checker, names: Iterable[str]
) -> Callable[[Location], str] | None:
    """Give the reason of an input without an output, if no other round will try it."""
    if not event["final"]:
        return None
    lost = {_source(checker.prefix / name) for name in names if name not in checker.outputs}
    told = reasons(event["job"]["name"], lost) if lost else {}
    of_job = why_missing(event["job"])
    return lambda source: told.get(_source(source), of_job)


def _source(location: Location) -> str:
    return f"{location.bucket}/{location.key}"


def _finish(
    event: Mapping[str, Any],
    shard: Rounds,
    checker: Checker,
    storage: Storage,
    cursor: Mapping[str, Any],
) -> Event:
    """End the round: write the shard's result of all its rounds."""
    number, counts = event["round"], cursor["counts"]
    before = shard.before(storage, number)
    result = {
        "shard": shard.shard,
        "objects": event["shard"]["objects"],
        "outputs": before["outputs"] + counts["outputs"],
        "exceptions": counts["missing"] if event["final"] else 0,
        "missing": 0 if event["final"] else counts["missing"],
        "records": before["records"] + counts["records"],
        "recordErrors": before["recordErrors"] + counts["recordErrors"],
        "rounds": number,
        "jobs": [*before["jobs"], *(job_of(job, number=number) for job in _jobs(event))],
        "segments": [*before["segments"], cursor["segments"]],
    }
    for kind in (rounds.PREDICTIONS, rounds.EXCEPTIONS):
        shard.put_together(storage, kind, dict(enumerate(result["segments"], start=1)))
    write_json(storage, shard.result(number), result)
    write_json(storage, shard.work / f"results/{shard.shard}.json", result)
    manifest = _missing(shard, checker, storage, cursor, number) if result["missing"] else None
    return {
        "missing": result["missing"],
        "manifest": manifest,
        "outputs": result["outputs"],
        "exceptions": result["exceptions"],
        **_served(event["job"], result["outputs"]),
    }


def _served(job: Mapping[str, Any], outputs: int) -> dict[str, bool | None]:
    """Whether the container of a job served that failed without an output."""
    is_unclear = not outputs and job["status"] == "Failed"
    return {"served": has_served(job["name"])} if is_unclear else {}


def _jobs(event: Mapping[str, Any]) -> list[Event]:
    """All jobs of a round: those that failed before their first record, and the last one."""
    return [*event.get("tries", ()), event["job"]]


def _missing(
    shard: Rounds, checker: Checker, storage: Storage, cursor: Mapping[str, Any], number: int
) -> str:
    """Write the manifest of the next round."""
    manifest = Manifest()
    for segment in range(cursor["segments"]):
        text = b"".join(storage.read(shard.segment(number, segment, rounds.MISSING)))
        for line in text.splitlines():
            manifest.add(json.loads(line))
    storage.put(shard.missing(number), manifest.body(checker.prefix))
    return shard.missing(number).uri
