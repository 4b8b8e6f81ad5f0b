"""Tests of prod in the sandbox: metrics, tags, encryption, and a clean ``cdk destroy``."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.deployment import CDK, Deployment
from tests.executions import exceptions_of, summary_of
from tests.paths import REPOSITORY
from tests.tfbatch_cdk.security.app import BOUNDARY, MODEL
from tfbatch_sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OF_AWS = ("AWS/States",)
"""Namespaces of metrics that AWS publishes."""
EMPTYING = ["s3:DeleteObject*", "s3:GetBucket*", "s3:List*", "s3:PutBucketPolicy"]
"""What the CDK's function needs that empties buckets, as the guide says beside the boundary."""


class Prod:
    """The deployed stage, and the CDK command that deployed it."""

    def __init__(self, sandbox: Sandbox, *, model: Path, state: Path) -> None:
        self._model = model
        self._output = ("--output", str(state / "cdk.out"))
        self._bare = Deployment(sandbox=sandbox, outputs={})
        self.sandbox = sandbox
        self.client = self._bare.client
        self._boundary = self._make_boundary()

    def _make_boundary(self) -> str:
        """The boundary of the operations guide, as a managed policy; its ARN."""
        guide = (REPOSITORY / "docs" / "operations.md").read_text()
        shown = guide.partition("<!-- boundary -->\n```json\n")[2].partition("```")[0]
        statements = [json.loads(shown), {"Effect": "Allow", "Action": EMPTYING, "Resource": "*"}]
        document = {"Version": "2012-10-17", "Statement": statements}
        made = self.client("iam").create_policy(
            PolicyName="boundary", PolicyDocument=json.dumps(document)
        )
        return str(made["Policy"]["Arn"])

    def cdk(self, *arguments: str) -> str:
        app = ("--app", f"{sys.executable} -m tests.tfbatch_cdk.security.app")
        given = {MODEL: str(self._model), BOUNDARY: self._boundary}
        return self._bare.run(CDK, *arguments, *app, *self._output, **given)

    def stacks(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.client("cloudformation").describe_stacks()["Stacks"]
        return [one for one in found if one["StackName"].startswith("tfbatch-")]

    def deployment(self) -> Deployment:
        return Deployment.of(self.sandbox)

    def machine(self, name: str) -> str:
        machines = self.client("stepfunctions").list_state_machines()["stateMachines"]
        (arn,) = (one["stateMachineArn"] for one in machines if name in one["name"])
        return str(arn)


@pytest.fixture(scope="module")
def prod(saved_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prod]:
    state = tmp_path_factory.mktemp("prod")
    with Sandbox.start(state_dir=state / "sandbox") as sandbox:
        made = Prod(sandbox, model=saved_models / "image", state=state)
        made.deployment().bootstrap()
        made.cdk("deploy", "--all", "--require-approval", "never")
        yield made


@pytest.fixture(scope="module")
def run(prod: Prod) -> dict[str, Any]:
    """A finished execution with one bad photo."""
    deployment = prod.deployment()
    photo = next((REPOSITORY / "models").glob("*/1/saved_model.pb")).read_bytes()[:100]
    uri = deployment.upload("photos", {"bad.jpg": photo})
    return deployment.execute({"input": uri, "format": "jpeg"})


def _published(prod: Prod) -> set[tuple[str, str, tuple[tuple[str, str], ...]]]:
    """Namespace, name and dimensions of put metrics, and of embedded metrics in the logs."""
    found = {
        (one["Namespace"], one["MetricName"], _pairs(one["Dimensions"]))
        for one in prod.client("cloudwatch").list_metrics()["Metrics"]
    }
    logs = prod.client("logs")
    for group in logs.describe_log_groups()["logGroups"]:
        for event in logs.filter_log_events(logGroupName=group["logGroupName"])["events"]:
            if '"_aws"' in event["message"]:
                found |= _embedded(json.loads(event["message"]))
    return found


def _embedded(line: dict[str, Any]) -> set[tuple[str, str, tuple[tuple[str, str], ...]]]:
    return {
        (told["Namespace"], metric["Name"], tuple((name, line[name]) for name in names))
        for told in line["_aws"]["CloudWatchMetrics"]
        for metric in told["Metrics"]
        for names in told["Dimensions"]
    }


def _pairs(dimensions: list[dict[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((one["Name"], one["Value"]) for one in dimensions)


def _measure_job_age(prod: Prod) -> dict[str, Any]:
    sfn = prod.client("stepfunctions")
    arn = sfn.start_execution(stateMachineArn=prod.machine("Pulse"))["executionArn"]
    for _ in range(600):
        found: dict[str, Any] = sfn.describe_execution(executionArn=arn)
        if found["status"] != "RUNNING":
            return found
        time.sleep(0.1)
    raise TimeoutError(arn)


def test_every_metric_that_an_alarm_watches_is_published(prod: Prod, run: dict[str, Any]) -> None:
    assert run["status"] == "SUCCEEDED", (run.get("error"), run.get("cause"))
    measured = _measure_job_age(prod)
    assert measured["status"] == "SUCCEEDED", (measured.get("error"), measured.get("cause"))
    published, watched = _published(prod), set()
    for alarm in prod.client("cloudwatch").describe_alarms()["MetricAlarms"]:
        queries = alarm.get("Metrics", ())
        metrics = [one["MetricStat"]["Metric"] for one in queries if "MetricStat" in one]
        for one in (item for item in metrics or [alarm] if item["Namespace"] not in OF_AWS):
            watched.add((one["Namespace"], one["MetricName"], _pairs(one["Dimensions"])))
    assert {name for _, name, _ in watched} == {
        *("ExceptionPercent", "HoursSinceLastRun", "OldestJobHours", "Usd"),
    }
    assert watched <= published


def test_jobs_and_functions_tell_of_their_execution(prod: Prod, run: dict[str, Any]) -> None:
    sagemaker, logs = prod.client("sagemaker"), prod.client("logs")
    (job,) = sagemaker.list_transform_jobs()["TransformJobSummaries"]
    tags = sagemaker.list_tags(ResourceArn=job["TransformJobArn"])["Tags"]
    assert {one["Key"]: one["Value"] for one in tags} == {
        "tfbatch:execution": run["name"],
        "tfbatch:shard": "00000",
        "tfbatch:model": "tiny",
        "tfbatch:stage": "prod",
    }
    told = [
        json.loads(event["message"])
        for group in logs.describe_log_groups(logGroupNamePrefix="tfbatch-")["logGroups"]
        for event in logs.filter_log_events(logGroupName=group["logGroupName"])["events"]
        if event["message"].startswith('{"level"')
    ]
    assert {one["message"] for one in told} == {"plan", "reconcile", "summarize"}
    assert {one["execution"] for one in told} == {run["name"]}
    assert "00000" in {one.get("shard") for one in told}


def test_jobs_write_with_the_stages_key(prod: Prod, run: dict[str, Any]) -> None:
    assert run["status"] == "SUCCEEDED"
    sagemaker, kms = prod.client("sagemaker"), prod.client("kms")
    (job,) = sagemaker.list_transform_jobs()["TransformJobSummaries"]
    described = sagemaker.describe_transform_job(TransformJobName=job["TransformJobName"])
    aliases = {one["AliasName"]: one.get("TargetKeyId") for one in kms.list_aliases()["Aliases"]}
    key = described["TransformOutput"]["KmsKeyId"].rpartition("/")[2]
    assert aliases["alias/tfbatch-prod"].rpartition("/")[2] == key
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"]


def test_in_the_vpc_a_lost_object_has_the_reason_of_the_jobs_log(prod: Prod) -> None:
    deployment = prod.deployment()
    uri = deployment.upload("torn", {"a.tfrecord": b"no record"})
    ended = deployment.execute({"input": uri, "format": "tfrecord"})
    assert summary_of(ended)["exceptions"] == 1
    (exception,) = exceptions_of(deployment, ended)
    assert "See job logs" not in exception["reason"]


def test_no_role_is_refused_what_its_runs_need(prod: Prod, run: dict[str, Any]) -> None:
    assert run["status"] == "SUCCEEDED"
    refused = {
        (use["role"].rpartition("/")[2], use["action"])
        for use in prod.sandbox.authorizations()
        if not use["allowed"]
    }
    assert refused == set()


def test_an_exchanged_artifact_ends_a_run_before_its_first_job(prod: Prod) -> None:
    s3, deployment = prod.client("s3"), prod.deployment()
    model = prod.client("sagemaker").list_models()["Models"][0]["ModelName"]
    url = prod.client("sagemaker").describe_model(ModelName=model)["PrimaryContainer"][
        "ModelDataUrl"
    ]
    bucket, _, key = url.removeprefix("s3://").partition("/")
    kept = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    s3.put_object(Bucket=bucket, Key=key, Body=kept + b"\0")
    uri = deployment.upload("again", {"a.jpg": b"1"})
    ended = deployment.execute({"input": uri, "format": "jpeg"})
    s3.put_object(Bucket=bucket, Key=key, Body=kept)
    assert (ended["status"], ended["error"]) == ("FAILED", "ArtifactChanged")
    assert not deployment.jobs(ended["executionArn"])


def test_a_destroyed_stage_leaves_nothing_but_a_key_that_waits(prod: Prod) -> None:
    prod.cdk("destroy", "--all", "--force")
    assert prod.stacks() == []
    buckets = [one["Name"] for one in prod.client("s3").list_buckets()["Buckets"]]
    assert [name for name in buckets if name.startswith("tfbatch")] == []
    for prefix in ("tfbatch-", "/aws/vendedlogs/"):
        groups = prod.client("logs").describe_log_groups(logGroupNamePrefix=prefix)["logGroups"]
        assert groups == []
    assert prod.client("lambda").list_functions()["Functions"] == []
    assert prod.client("cloudwatch").describe_alarms()["MetricAlarms"] == []
    kms = prod.client("kms")
    keys = [kms.describe_key(KeyId=one["KeyId"])["KeyMetadata"] for one in kms.list_keys()["Keys"]]
    ours = [one["KeyState"] for one in keys if one["Description"].startswith("tfbatch")]
    assert set(ours) <= {"PendingDeletion"}  # the sandbox deletes keys at once
