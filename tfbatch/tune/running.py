"""Prepares a search on the deployed stage and writes its results."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tfbatch.aws.deployed_outputs import usd_per_hour
from tfbatch.terminal.problem import Problem
from tfbatch.tune import chart
from tfbatch.tune.editing import EditError
from tfbatch.tune.jobs import Jobs
from tfbatch.tune.patching import Wanted, patch
from tfbatch.tune.sample import take
from tfbatch.tune.trial import Knobs
from tfbatch_cdk.workflow.fields import jobs_of_stage
from tfbatch_functions.throughput.assumed import assumed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tfbatch.aws.deployed_outputs import Deployed
    from tfbatch.aws.session import Session
    from tfbatch.tune.sample import Sample
    from tfbatch.tune.sweep import Found

_MINUTES_TO_START = 5
"""Minutes in which SageMaker starts an instance and its container, each billed."""
_POLL_SECONDS, _POLL_SECONDS_HERE = 10.0, 0.5


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """What is tuned."""

    model: str
    format: str
    instance_type: str
    """With its ``ml.`` prefix."""
    count: int
    """Objects of the sample."""
    within: float
    """See ``Jobs.within``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """Ready to run trials."""

    choice: Choice
    sample: Sample
    start: Knobs
    jobs: Jobs
    is_local: bool
    """Whether it runs in a sandbox, whose instances are this machine."""

    def usd(self, trials: int) -> float | None:
        """Minimum cost of this number of trials, including the start.

        A record an object, at the rate that a plan assumes where nothing was measured.
        """
        price = self.jobs.usd_per_hour
        rate, _ = assumed(self.choice.instance_type)
        hours = _MINUTES_TO_START / 60 + len(self.sample.entries) / rate / 3600
        return None if price is None else trials * hours * price


def prepare(
    session: Session, deployed: Deployed, choice: Choice, *, folder: str, is_local: bool
) -> Prepared:
    """Take the sample and write its manifest to a place that the model's role can read.

    Raises:
        Problem: a name isn't one of the stage's, or the input is empty.
    """
    fixed = deployed.fixed(session)
    format_ = _of(fixed["formats"], choice.format, "--format", session.stage)
    model = _of(fixed["models"], choice.model, "--model", session.stage)
    sample = take(folder, count=choice.count, session=session)
    moment = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    name = f"{jobs_of_stage(session.stage)}tune-{moment}"
    manifest = sample.put(
        session.boto.client("s3"), bucket=deployed.work_bucket, key=f"tune/{name}/sample.manifest"
    )
    resources = {"InstanceType": choice.instance_type, "InstanceCount": 1}
    if ami := fixed.get("amiVersions", {}).get(choice.instance_type):
        resources["TransformAmiVersion"] = ami
    jobs = Jobs(
        sagemaker=session.boto.client("sagemaker"),
        logs=session.boto.client("logs"),
        name=name,
        model=model,
        format=format_,
        manifest=manifest,
        output=f"s3://{deployed.output_bucket}/tune/{name}/",
        resources=resources,
        environment=fixed["environments"][choice.model].get(choice.instance_type, {}),
        usd_per_hour=usd_per_hour(fixed).get(choice.instance_type),
        poll_seconds=_POLL_SECONDS_HERE if is_local else _POLL_SECONDS,
        within=choice.within,
    )
    is_whole = format_["splitType"] == "None"
    payload = sample.payload_mb if is_whole else format_["maxPayloadInMB"]
    start = Knobs(concurrency=1, payload_mb=payload)
    return Prepared(choice=choice, sample=sample, start=start, jobs=jobs, is_local=is_local)


def _of(known: Mapping[str, Any], name: str, option: str, stage: str) -> Any:  # noqa: ANN401
    if name not in known:
        raise Problem(f"{option} = {name!r}: stage {stage} has {', '.join(known)}.")
    return known[name]


def write(found: Found, prepared: Prepared, *, stage: str, stages: Path, to: Path) -> list[str]:
    """Write ``tune.json``, ``tune.svg`` and ``tune.patch`` to a folder.

    Args:
        found: result of the search.
        prepared: the search.
        stage: name of the stage.
        stages: the file with its settings.
        to: the folder.

    Returns:
        A text about them.
    """
    to.mkdir(parents=True, exist_ok=True)
    document = json.dumps(as_document(found, prepared), indent=1) + "\n"
    (to / "tune.json").write_text(document, encoding="utf-8")
    where = "in a sandbox" if prepared.is_local else f"on {prepared.choice.instance_type}"
    title = f"{prepared.choice.model}, {prepared.choice.format}, {where}"
    (to / "tune.svg").write_text(chart.svg(found, title=title), encoding="utf-8")
    try:
        text = patch(stages, wanted(found, prepared, stage), shown="stacks/stages.py")
    except EditError as error:
        return [f"{to}/tune.json and {to}/tune.svg are written; no patch: {error}"]
    if not text:
        return [f"The stage's settings are these already. {to}/tune.json and {to}/tune.svg."]
    (to / "tune.patch").write_text(text, encoding="utf-8")
    return [f"{to}/tune.json, {to}/tune.svg; the settings: git apply {to}/tune.patch"]


def wanted(found: Found, prepared: Prepared, stage: str) -> Wanted:
    """The settings of the best trial."""
    best = found.best
    return Wanted(
        stage=stage,
        model=prepared.choice.model,
        format=prepared.choice.format,
        max_concurrent_transforms=best.knobs.concurrency,
        max_payload_mb=best.knobs.payload_mb,
        environment=best.knobs.environment(),
        records_per_second=float(f"{best.rate:.3g}"),
    )


def leave(found: Found, prepared: Prepared, session: Session) -> None:
    """Store the rate in the work bucket, for the next run's estimate."""
    choice, best = prepared.choice, found.best
    bucket = prepared.jobs.manifest.removeprefix("s3://").partition("/")[0]
    key = f"throughput/{choice.model}/{choice.format}/{choice.instance_type}.tuned.json"
    document = {
        "recordsPerSecond": float(f"{best.rate:.4g}"),
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
    }
    body = json.dumps(document).encode()
    session.boto.client("s3").put_object(Bucket=bucket, Key=key, Body=body)


def as_document(found: Found, prepared: Prepared) -> dict[str, Any]:
    """The result in JSON types."""
    return {
        "model": prepared.choice.model,
        "format": prepared.choice.format,
        "instanceType": prepared.choice.instance_type,
        "sandbox": prepared.is_local,
        "input": prepared.sample.folder,
        "objects": len(prepared.sample.entries),
        "trials": [one.document() for one in (*found.concurrency, *found.others)],
        "knee": found.knee.document(),
        "best": found.best.document(),
    }
