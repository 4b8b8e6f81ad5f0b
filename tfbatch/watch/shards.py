"""The shards of a run: planned objects, progress of jobs, results of Reconcile."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tfbatch.watch.snapshot import Job, Shard

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mypy_boto3_s3 import S3Client


@dataclass(kw_only=True, slots=True)
class Shards:
    """Reads an execution's work folder: plan, shards and their results."""

    s3: S3Client
    bucket: str
    folder: str
    """``executions/NAME/``."""
    _plan: dict[str, Any] | None = None
    _elements: list[dict[str, Any]] | None = None
    _results: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    """Key -> ETag and content."""

    def plan(self) -> dict[str, Any] | None:
        """Return the plan, if there is one."""
        if self._plan is None:
            self._plan = self._read("plan.json")
        return self._plan

    def look(self, jobs: Sequence[Job]) -> tuple[Shard, ...]:
        """Return the shards, including those without a job."""
        plan = self.plan()
        if plan is None:
            return ()
        if self._elements is None:
            self._elements = self._read("shards.json") or []
        newest = {job.shard: job for job in jobs}  # attempts are in order
        results = self._read_results()
        return tuple(
            _shard(element, plan, newest.get(element["shard"]), results.get(element["shard"]))
            for element in self._elements
        )

    def _read_results(self) -> dict[str, dict[str, Any]]:
        """Shard -> result of its last round. Only changed ones are read."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=f"{self.folder}results/"
        )
        for page in pages:
            for one in page.get("Contents", []):
                key, tag = one["Key"], one["ETag"]
                if self._results.get(key, ("", {}))[0] != tag:
                    content = self._read(key.removeprefix(self.folder))
                    self._results[key] = (tag, content or {})
        return {content["shard"]: content for _, content in self._results.values() if content}

    def _read(self, name: str) -> Any:  # noqa: ANN401 # each file's own
        try:
            body = self.s3.get_object(Bucket=self.bucket, Key=self.folder + name)["Body"].read()
        except self.s3.exceptions.NoSuchKey:
            return None
        return json.loads(body)


def _shard(
    element: Mapping[str, Any],
    plan: Mapping[str, Any],
    job: Job | None,
    result: Mapping[str, Any] | None,
) -> Shard:
    """Combine what is known: a result has the jobs it names, the log the others."""
    told = result or {"records": 0, "recordErrors": 0, "exceptions": 0, "missing": 1, "jobs": []}
    is_told = job is None or any(one["name"] == job.name for one in told["jobs"])
    live_records, live_errors = (0, 0) if job is None or is_told else (job.records, job.errors)
    is_done = result is not None and is_told and told["missing"] == 0
    records = told["records"] + live_records
    planned = _share(element, plan)
    return Shard(
        name=element["shard"],
        total=records if is_done else max(planned, records),
        records=records,
        exceptions=told["recordErrors"] + told["exceptions"] + live_errors,
        is_done=is_done,
        job=job,
    )


def _share(element: Mapping[str, Any], plan: Mapping[str, Any]) -> int:
    """The shard's share of the records: by objects if they were counted, else by bytes."""
    unit = "objects" if plan["recordsAre"] == "counted" else "bytes"
    return round(plan["records"] * element[unit] / plan[unit]) if plan[unit] else 0
