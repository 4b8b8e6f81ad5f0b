"""An execution over many shards of small objects: how much of a history's 25,000 events it takes.

The deployed state machine runs in the sandbox, with a real job of the demo's network over each
shard. A shard's states run in executions of their own on AWS (Distributed Map), which the sandbox
keeps out of the parent's history, too; a shard's own events are counted in
``tests/end_to_end/workflow/test_watching.py``.

``python -m benchmarks.shards 200`` prints the figures that docs/scale.md has.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from aws_cdk import App

from app import build
from benchmarks.sandbox import data
from stacks.stages import stage_named
from tfbatch_sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

PER_SHARD = 2
JOBS_AT_A_TIME = 4
REPOSITORY = Path(__file__).resolve().parents[1]
CDK = REPOSITORY / "node_modules" / ".bin" / "cdk"


def app() -> None:
    """The dev stage with shards of two objects, several at a time."""
    dev = stage_named("dev")
    compute = replace(dev.compute, objects_per_shard=PER_SHARD, max_jobs=JOBS_AT_A_TIME)
    made = App()
    build(made, replace(dev, compute=compute))
    made.synth()


def main(most: int) -> None:
    """Deploy, run over one shard and over ``most``, and print."""
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder)
        data.write(state / "data", most * PER_SHARD)
        photos = sorted((state / "data" / "jpeg").iterdir())
        with Sandbox.start(
            state_dir=state / "sandbox", concurrent_transform_jobs=JOBS_AT_A_TIME
        ) as sandbox:
            _deploy(sandbox, state)
            print(json.dumps(_measure(sandbox, photos), indent=1))


def _deploy(sandbox: Sandbox, state: Path) -> None:
    environment = os.environ | sandbox.environment
    output = ("--output", str(state / "cdk.out"))
    where = f"aws://{sandbox.account_id}/{sandbox.region}"
    synthesize = ("--app", f"{sys.executable} -m benchmarks.shards app")
    for arguments in (
        ("bootstrap", where, *output),
        ("deploy", "--all", "--require-approval", "never", *synthesize, *output),
    ):
        subprocess.run([CDK, *arguments], check=True, env=environment, cwd=REPOSITORY)


def _measure(sandbox: Sandbox, photos: Sequence[Path]) -> dict[str, Any]:
    client: Any = lambda name: boto3.client(  # noqa: E731
        name,
        endpoint_url=sandbox.endpoint_url,
        region_name=sandbox.region,
        aws_access_key_id="sandbox",
        aws_secret_access_key="sandbox",  # noqa: S106 # pragma: allowlist secret
    )
    stacks = client("cloudformation").describe_stacks()["Stacks"]
    outputs = {o["OutputKey"]: o["OutputValue"] for s in stacks for o in s.get("Outputs", [])}
    bucket, s3, sfn = outputs["InputBucketName"], client("s3"), client("stepfunctions")
    figures: dict[str, Any] = {}
    for objects in (photos[:PER_SHARD], photos):
        shards = len(objects) // PER_SHARD
        _upload(s3, bucket, f"of-{shards}", objects)
        started = time.monotonic()
        request = {"input": f"s3://{bucket}/of-{shards}/", "format": "jpeg"}
        arn = sfn.start_execution(
            stateMachineArn=outputs["StateMachineArn"], input=json.dumps(request)
        )["executionArn"]
        ended = _wait(sfn, arn)
        summary = json.loads(ended["output"])["summary"]
        events = _events(sfn, arn)
        figures[f"{shards} shards"] = {
            "status": ended["status"],
            "outputs": summary["outputs"],
            "jobs": summary["jobs"],
            "seconds": round(time.monotonic() - started),
            "events of the parent": len(events),
            "by type": dict(Counter(one["type"] for one in events).most_common()),
        }
    return figures


def _upload(s3: Any, bucket: str, folder: str, photos: Iterable[Path]) -> None:  # noqa: ANN401
    with ThreadPoolExecutor(8) as threads:
        for photo in photos:
            threads.submit(s3.upload_file, str(photo), bucket, f"{folder}/{photo.name}")


def _wait(sfn: Any, arn: str) -> dict[str, Any]:  # noqa: ANN401
    while True:
        found: dict[str, Any] = sfn.describe_execution(executionArn=arn)
        if found["status"] != "RUNNING":
            return found
        time.sleep(1)


def _events(sfn: Any, arn: str) -> list[dict[str, Any]]:  # noqa: ANN401
    pages = sfn.get_paginator("get_execution_history").paginate(executionArn=arn)
    return [event for page in pages for event in page["events"]]


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["app"]:
            app()
        case [most]:
            main(int(most))
        case _:
            sys.exit("usage: python -m benchmarks.shards SHARDS")
