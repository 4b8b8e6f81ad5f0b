"""Writes a run's summary, exceptions and manifest of predictions, and last its marker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tfbatch_functions.accounting import accounts
from tfbatch_functions.runtime import log, metrics
from tfbatch_functions.s3.location import Location
from tfbatch_functions.s3.prefetch import in_order
from tfbatch_functions.s3.storage import read_json, storage, write_json
from tfbatch_functions.s3.upload import Piece, concatenate
from tfbatch_functions.throughput import measured, stored

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfbatch_functions.runtime.deadline import Context
    from tfbatch_functions.s3.storage import Storage

Event = dict[str, Any]
SUMMARY, EXCEPTIONS, PREDICTIONS = "summary.json", "exceptions.jsonl", "predictions.manifest.jsonl"
SUCCESS, FAULTY = "_SUCCESS", "_EXCEPTIONS"


def handler(event: Event, context: Context) -> Event:  # noqa: ARG001 (Lambda's signature)
    """The Lambda handler: see :func:`summarize`."""
    with log.told("summarize", event):
        return summarize(event, storage())


def summarize(event: Mapping[str, Any], storage: Storage) -> Event:
    """Write the run's files to its output folder, and return the summary."""
    run = event["run"]
    work, output = Location.folder(run["work"]), Location.folder(run["output"])
    results = _results(storage, work)
    jobs = [job for result in results for job in result["jobs"]]
    rate = measured.of_run(jobs, in_flight=event["plan"]["maxConcurrentTransforms"])
    summary = accounts.summarize(
        results,
        jobs=jobs,
        instance_rate=rate,
        run=run,
        plan=event["plan"],
        prices=event["usdPerHour"],
        prices_of=event.get("pricesOf"),
        max_exceptions=event.get("maxExceptions"),
    )
    has_exceptions = bool(summary["exceptions"] or summary["recordErrors"])
    is_faulty = has_exceptions or not summary["balanced"]
    _remove(storage, output, SUCCESS, FAULTY, EXCEPTIONS)
    if has_exceptions:
        _concatenate(storage, work / "exceptions/", output / EXCEPTIONS)
    _concatenate(storage, work / "predictions/", output / PREDICTIONS)
    write_json(storage, output / SUMMARY, summary)
    stored.keep(storage, run, rate)
    storage.put(output / (FAULTY if is_faulty else SUCCESS), b"")
    about = {"Stage": event["stage"], "Model": run["model"]}
    print(metrics.line(summary, about=about, execution=run["execution"]))  # noqa: T201 (Lambda's output is its log)
    return summary


def _results(storage: Storage, work: Location) -> list[Event]:
    """The results of the shards. Without all of them the accounts don't balance."""
    found = (Location(work.bucket, one.key) for one in storage.list(work / "results/"))
    return list(in_order(lambda location: read_json(storage, location), found))


def _concatenate(storage: Storage, folder: Location, target: Location) -> None:
    pieces = (Piece(Location(folder.bucket, one.key), one.size) for one in storage.list(folder))
    concatenate(storage, pieces, target)


def _remove(storage: Storage, output: Location, *names: str) -> None:
    """Remove the marker of an earlier run into the same folder."""
    for name in names:
        if storage.head(output / name) is not None:
            storage.client.delete_object(Bucket=output.bucket, Key=(output / name).key)
