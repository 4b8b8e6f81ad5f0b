"""Plans a run: lists the inputs once, divides them into shards and estimates the cost.

The workflow calls it with ``cursor`` until ``done``. A call stores its state in S3, under the name
of the last page it read, so a call can be repeated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tfbatch_functions.planning import estimate, integrity, sizing
from tfbatch_functions.planning.listing import inputs_of
from tfbatch_functions.planning.refusals import EmptyInput, OutputInsideInput
from tfbatch_functions.planning.sampling import COUNTED, estimate_records
from tfbatch_functions.planning.sharding import Limits, Sharding, name
from tfbatch_functions.runtime import log
from tfbatch_functions.runtime.deadline import has_time
from tfbatch_functions.s3.location import Location
from tfbatch_functions.s3.storage import storage, write_json
from tfbatch_functions.throughput import stored

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfbatch_functions.planning.listing import Inputs
    from tfbatch_functions.runtime.deadline import Context, HasTime
    from tfbatch_functions.s3.storage import Lister

Event = dict[str, Any]


def handler(event: Event, context: Context) -> Event:
    """The Lambda handler: see :func:`plan`."""
    with log.told("plan", event) as line:
        store = storage()
        if not event.get("cursor"):
            work = Location.folder(event["run"]["work"])
            line["artifact_read"] = integrity.verify(event["artifact"], work=work, store=store)
        result = plan(event, store, has_time(context))
        line |= {"done": result["done"], "pages": (result.get("cursor") or {}).get("pages")}
        return result


def plan(event: Mapping[str, Any], storage: Lister, has_time: HasTime) -> Event:
    """List pages while there is time, and after the last one size the run.

    Returns:
        ``{"done": false, "cursor": …}`` or ``{"done": true, "plan": …}``.

    Raises:
        Refusal: the request can't be run.
    """
    run, cursor = event["run"], event.get("cursor") or {"pages": 0, "mark": ""}
    work = Location.folder(run["work"])
    inputs = inputs_of(run["input"], storage)
    _check_output(inputs.prefix, Location.folder(run["output"]))
    sharding = _sharding(event, inputs, work, storage)
    if cursor["pages"]:
        sharding.restore(_saved(work, cursor))
    for page in inputs.pages(cursor["mark"]):
        sharding.add(page.objects)
        cursor = {"pages": cursor["pages"] + 1, "mark": page.mark}
        if not page.is_last and not has_time():
            sharding.save(_saved(work, cursor))
            return {"done": False, "cursor": cursor}
    return {"done": True, "plan": _finish(event, sharding, inputs, work, storage)}


def _check_output(inputs: Location, output: Location) -> None:
    if inputs.holds(output) or output.holds(inputs):
        raise OutputInsideInput(
            f"output = {output.uri} and input = {inputs.uri} lie one inside the other, so that "
            "outputs would become inputs of the next run: use a folder outside, or leave output "
            "out."
        )


def _saved(work: Location, cursor: Mapping[str, Any]) -> Location:
    return work / f"plan/{cursor['pages']:07}"


def _sharding(
    event: Mapping[str, Any], inputs: Inputs, work: Location, storage: Lister
) -> Sharding:
    limits = event["limits"]
    return Sharding(
        prefix=inputs.prefix,
        folder=work / "shards/",
        limits=Limits(objects=limits["objectsPerShard"], bytes=limits["bytesPerShard"]),
        storage=storage,
    )


def _finish(
    event: Mapping[str, Any], sharding: Sharding, inputs: Inputs, work: Location, storage: Lister
) -> Event:
    """Write the files that the rest of the workflow reads, and return the plan."""
    sharding.finish()
    if not sharding.shards:
        raise EmptyInput(
            f"Nothing lies under input = {event['run']['input']}: upload the objects "
            f"(aws s3 sync photos {inputs.prefix.uri}), or correct the prefix."
        )
    made = _size(event, sharding, inputs, storage)
    write_json(storage, work / "shards.json", _elements(event["run"], sharding))
    write_json(storage, work / "plan.json", made)
    return made


def _elements(run: Mapping[str, Any], sharding: Sharding) -> list[Event]:
    """The items of the Map state."""
    output = Location.folder(run["output"])
    is_one = len(sharding.shards) == 1
    return [
        {
            "shard": name(number),
            "manifest": sharding.manifest(number).uri,
            "output": output.uri if is_one else (output / f"{name(number)}/").uri,
            "objects": shard.objects,
            "bytes": shard.bytes,
        }
        for number, shard in enumerate(sharding.shards)
    ]


def _size(event: Mapping[str, Any], sharding: Sharding, inputs: Inputs, storage: Lister) -> Event:
    run, limits, totals = event["run"], event["limits"], sharding.totals
    split, prefix = run["splitType"], inputs.prefix
    payload, concurrent = sizing.payload(
        totals,
        split=split,
        prefix=prefix,
        max_payload_mb=limits["maxPayloadInMB"],
        max_concurrent=limits["maxConcurrentTransforms"],
    )
    separator = run.get("separator", split)
    records, how = estimate_records(totals, separator=separator, prefix=prefix, storage=storage)
    fleet = _fleet(event, storage)
    work = estimate.Work(shards=sharding.shards, records=records, by_bytes=how != COUNTED)
    found = sizing.choose(work, fleet, deadline_minutes=event.get("deadlineMinutes"))
    words = estimate.sentence(found, work, fleet)
    sizing.check_budget(found, fleet, words, event.get("budgetUsd"))
    return {
        "objects": totals.objects,
        "bytes": totals.bytes,
        "largestBytes": totals.largest_bytes,
        "largestKey": (prefix / totals.largest_key).key,
        "records": records,
        "recordsAre": how,
        "shards": len(sharding.shards),
        "maxPayloadInMB": payload,
        "maxConcurrentTransforms": concurrent,
        "instances": found.instances,
        "estimatedMinutes": round(found.minutes, 1),
        "estimatedUsd": None if found.usd is None else round(found.usd, 2),
        "estimate": words,
    }


def _fleet(event: Mapping[str, Any], storage: Lister) -> estimate.Fleet:
    asked = event["fleet"]
    found = stored.known(
        storage,
        event["run"],
        instance_type=asked["instanceType"],
        settings=asked.get("recordsPerSecond"),
    )
    rate = {"recordsPerSecond": found.records_per_second, "throughputFrom": found.source}
    return estimate.Fleet.parse({**asked, **rate})
