"""An execution over many shards of small objects: how much of a history's 25,000 events it takes.

The deployed state machine runs in the sandbox; each job is stood in for by a program that answers
every object with a line at once, for what is measured is the workflow's own. A shard's states run
in executions of their own on AWS (Distributed Map), which the sandbox keeps out of the parent's
history, too; a shard's own events are counted in ``tests/workflow/test_watching.py``.

``python -m benchmarks.shards 200`` prints the figures that docs/scale.md has; it takes about two
seconds of the processor for each shard, nearly all of it Python and boto3 being started.
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
from typing import Any

import boto3

from sandbox.process import Sandbox
from stacks.settings import REPOSITORY

PER_SHARD = 2
CDK = REPOSITORY / "node_modules" / ".bin" / "cdk"


def app() -> None:
    """The dev stage with shards of two objects, eight at a time."""
    from aws_cdk import App  # noqa: PLC0415 # seconds, which the job's program has not

    from app import build  # noqa: PLC0415
    from stacks.stages import stage_named  # noqa: PLC0415

    dev = stage_named("dev")
    compute = replace(dev.compute, objects_per_shard=PER_SHARD, max_jobs=8)
    made = App()
    build(made, replace(dev, compute=compute))
    made.synth()


def job(folder: Path) -> None:
    """Answer each object of a job's manifest; what sandbox.transform does, without a model."""
    request = json.loads((folder / "request.json").read_text())["request"]
    print(json.dumps({"event": "started"}), flush=True)  # the job's protocol
    s3 = boto3.client("s3")
    source = request["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"]
    bucket, _, key = source.removeprefix("s3://").partition("/")
    _, *names = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    bucket, _, key = request["TransformOutput"]["S3OutputPath"].removeprefix("s3://").partition("/")
    for name in names:
        s3.put_object(Bucket=bucket, Key=f"{key}{name}.out", Body=b"{}\n")
    print(json.dumps({"event": "completed"}), flush=True)


def main(most: int) -> None:
    """Deploy, run over one shard and over ``most``, and print."""
    with tempfile.TemporaryDirectory() as folder:
        program = (sys.executable, "-m", "benchmarks.shards", "job")
        state = Path(folder)
        with Sandbox.start(
            state_dir=state / "sandbox", transform_command=program, concurrent_transform_jobs=8
        ) as sandbox:
            _deploy(sandbox, state)
            print(json.dumps(_measure(sandbox, most), indent=1))


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


def _measure(sandbox: Sandbox, most: int) -> dict[str, Any]:
    client: Any = lambda name: boto3.client(  # noqa: E731
        name,
        endpoint_url=sandbox.endpoint_url,
        region_name=sandbox.region,
        aws_access_key_id="sandbox",
        aws_secret_access_key="sandbox",  # noqa: S106
    )
    stacks = client("cloudformation").describe_stacks()["Stacks"]
    outputs = {o["OutputKey"]: o["OutputValue"] for s in stacks for o in s.get("Outputs", [])}
    bucket, s3, sfn = outputs["InputBucketName"], client("s3"), client("stepfunctions")
    figures: dict[str, Any] = {}
    for shards in (1, most):
        _upload(s3, bucket, f"of-{shards}", shards * PER_SHARD)
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
            "largest kinds": Counter(one["type"] for one in events).most_common(4),
        }
    return figures


def _upload(s3: Any, bucket: str, folder: str, count: int) -> None:  # noqa: ANN401
    def put(number: int) -> None:
        s3.put_object(Bucket=bucket, Key=f"{folder}/{number:05}.jpg", Body=b"1")

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(put, range(count)))


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
        case ["job", folder]:
            job(Path(folder))
        case [most]:
            main(int(most))
        case _:
            sys.exit("usage: python -m benchmarks.shards SHARDS")
