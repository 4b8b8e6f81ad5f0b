"""EventBridge rules whose targets are state machines and functions."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from tests.tfbatch_sandbox.roles import allow, make_role
from tfbatch_sandbox.services.events import event_input

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_s3 import S3Client

    from tests.tfbatch_sandbox.services.conftest import Workflows
    from tfbatch_sandbox.sandbox import Sandbox
    from tfbatch_sandbox.services.json_type import Json

EVENT = {
    "id": "1",
    "time": 0,
    "detail-type": "Told",
    "source": "me",
    "detail": {"n": 1, "text": 'say "no"', "list": [1, 2]},
    "ingestion-time": 0,
}


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({"Input": '{"constant": true}'}, {"constant": True}),
        ({"InputPath": "$.detail.list"}, [1, 2]),
        (
            {
                "InputTransformer": {
                    "InputPathsMap": {"n": "$.detail.n", "text": "$.detail.text", "no": "$.none"},
                    "InputTemplate": '{"n": <n>, "text": <text>, "in": "it: <text>!", "no": <no>}',
                }
            },
            {"n": 1, "text": 'say "no"', "in": 'it: say "no"!', "no": None},
        ),
    ],
)
def test_a_target_gets_what_it_asks_for(target: Json, expected: Json) -> None:
    assert json.loads(event_input.payload(target, EVENT)) == expected


def test_a_target_that_asks_for_nothing_gets_the_event() -> None:
    whole = json.loads(event_input.payload({}, EVENT))
    assert whole["time"] == "1970-01-01T00:00:00Z"
    assert whole["detail"] == EVENT["detail"]
    assert "ingestion-time" not in whole


def _start_for_each_json(
    session: boto3.Session, sandbox: Sandbox, *, bucket: str, machine: str
) -> None:
    """A bucket whose ``*.json`` start executions with their key."""
    s3 = session.client("s3", endpoint_url=sandbox.endpoint_url)
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    events = session.client("events", endpoint_url=sandbox.endpoint_url)
    pattern = {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [bucket]}, "object": {"key": [{"suffix": ".json"}]}},
    }
    events.put_rule(Name=bucket, EventPattern=json.dumps(pattern))
    role = make_role(
        session.client("iam", endpoint_url=sandbox.endpoint_url),
        bucket,
        {"Service": "events.amazonaws.com"},
        allow("states:StartExecution", on=machine),
    )
    transformer: Json = {
        "InputPathsMap": {"key": "$.detail.object.key"},
        "InputTemplate": '{"key": <key>}',
    }
    events.put_targets(
        Rule=bucket,
        Targets=[
            {"Id": "machine", "Arn": machine, "RoleArn": role, "InputTransformer": transformer}
        ],
    )


def test_an_object_put_in_a_bucket_starts_an_execution(
    workflows: Workflows, session: boto3.Session, sandbox: Sandbox, s3: S3Client
) -> None:
    machine = workflows.create({"Only": {"Type": "Pass", "End": True}})
    events = session.client("events", endpoint_url=sandbox.endpoint_url)
    _start_for_each_json(session, sandbox, bucket="tells-events", machine=machine)
    by_the_clock = workflows.create({"Only": {"Type": "Pass", "End": True}})
    events.put_rule(Name="clock", ScheduleExpression="rate(1 day)")
    events.put_targets(Rule="clock", Targets=[{"Id": "machine", "Arn": by_the_clock}])
    for key in ("no.txt", "my request.json"):
        s3.put_object(Bucket="tells-events", Key=key, Body=b"{}")
    (execution,) = _executions(workflows, machine)
    assert json.loads(workflows.end(execution)["output"])["key"] == "my request.json"
    events.disable_rule(Name="tells-events")
    s3.put_object(Bucket="tells-events", Key="late.json", Body=b"{}")
    time.sleep(0.5)
    assert len(_executions(workflows, machine)) == 1
    assert workflows.client.list_executions(stateMachineArn=by_the_clock)["executions"] == []


def test_events_come_late_and_in_another_order_when_asked_for(
    workflows: Workflows, session: boto3.Session, sandbox: Sandbox, s3: S3Client
) -> None:
    machine = workflows.create({"Only": {"Type": "Pass", "End": True}})
    _start_for_each_json(session, sandbox, bucket="tells-late", machine=machine)
    sandbox.faults(late_events=[1.5, 0])
    for key in ("first.json", "second.json"):
        s3.put_object(Bucket="tells-late", Key=key, Body=b"{}")
    newest_first = [workflows.end(arn) for arn in _executions(workflows, machine, count=2)]
    started = [json.loads(one["output"])["key"] for one in reversed(newest_first)]
    assert started == ["second.json", "first.json"]
    assert sandbox.faults()["late_events"] == []


def _executions(workflows: Workflows, machine: str, *, count: int = 1) -> list[str]:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        found = workflows.client.list_executions(stateMachineArn=machine)["executions"]
        if len(found) >= count:
            return [each["executionArn"] for each in found]
        time.sleep(0.1)
    return []
