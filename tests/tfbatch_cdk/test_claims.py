"""A request's key runs once, whatever S3 says: the states of ``claims.py``, run in a sandbox."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from tests.executions import failing
from tests.tfbatch_sandbox.roles import allow, make_role
from tfbatch_cdk.workflow import fields
from tfbatch_cdk.workflow.claims import claim_states
from tfbatch_sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

WORK = "work-of-claims"
_SLOW_DOWN = failing("s3:PutObject", "SlowDown", status=503, about=f"{WORK}/keys/")
RUN = "{'arn': $states.context.Execution.Id}"
STATES = {
    "Begin": {
        "Type": "Pass",
        "Assign": {
            "stage": {"workBucket": WORK},
            "request": "{% $states.input %}",
            "run": f"{{% {RUN} %}}",
            "claim": None,
            "plan": None,
        },
        "Next": "Has it a key?",
    },
    **claim_states("arn:aws:states:::"),
    "Find the input bucket": {
        "Type": "Pass",
        "Assign": {"plan": {"objects": 1}},
        "Next": "Claim the key",
    },
    "Transform the shards": {
        "Type": "Choice",
        "Choices": [{"Condition": "{% $request.fails %}", "Next": "It failed"}],
        "Default": "It ran",
    },
    "It failed": {"Type": "Fail", "Error": "NoCapacity"},
    "It ran": {"Type": "Wait", "Seconds": 1, "Output": {"ran": True}, "Next": "Report"},
    "Report": {"Type": "Succeed"},
}


@dataclass(frozen=True)
class Machine:
    """The states, as a state machine with a role of its own."""

    sandbox: Sandbox
    arn: str

    def client(self, service: str) -> Any:  # noqa: ANN401 # any of boto3's clients
        return client(self.sandbox, service)

    def start(self, key: str, *, fails: bool = False) -> str:
        """Start a run; its ARN."""
        request = {"key": key, "dry_run": False, "fails": fails}
        started = self.client("stepfunctions").start_execution(
            stateMachineArn=self.arn, input=json.dumps(request)
        )
        return str(started["executionArn"])

    def end(self, arn: str) -> dict[str, Any]:
        """A run at its end."""
        for _ in range(1200):
            found: dict[str, Any] = self.client("stepfunctions").describe_execution(
                executionArn=arn
            )
            if found["status"] != "RUNNING":
                return found
            time.sleep(0.05)
        raise TimeoutError(arn)

    def run(self, key: str, *, fails: bool = False) -> dict[str, Any]:
        return self.end(self.start(key, fails=fails))


def client(sandbox: Sandbox, service: Any) -> Any:  # noqa: ANN401 # any of boto3's clients
    session = boto3.Session("sandbox", "sandbox", region_name=sandbox.region)
    return session.client(service, endpoint_url=sandbox.endpoint_url)


def _machine(sandbox: Sandbox, name: str, *actions: str) -> Machine:
    statements = [allow(f"s3:{action}", on="*") for action in actions]
    role = make_role(
        client(sandbox, "iam"),
        name,
        {"Service": "states.amazonaws.com"},
        *statements,
        allow("states:DescribeExecution", on="*"),
    )
    definition = {"QueryLanguage": "JSONata", "StartAt": "Begin", "States": STATES}
    made = client(sandbox, "stepfunctions").create_state_machine(
        name=name, definition=json.dumps(definition), roleArn=role
    )
    return Machine(sandbox, made["stateMachineArn"])


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox.start(state_dir=tmp_path_factory.mktemp("claims")) as running:
        client(running, "s3").create_bucket(Bucket=WORK)
        yield running


@pytest.fixture(scope="module")
def machine(sandbox: Sandbox) -> Machine:
    return _machine(sandbox, "claims", "GetObject", "ListBucket", "PutObject")


def _outcomes(machine: Machine, started: list[str]) -> list[str]:
    outputs = [json.loads(machine.end(arn)["output"]) for arn in started]
    return sorted("duplicate" if "duplicate" in output else "ran" for output in outputs)


@pytest.mark.aws
@pytest.mark.parametrize("before", ["nothing", "failed"])
def test_of_runs_at_once_one_has_the_key(machine: Machine, before: str) -> None:
    if before == "failed":
        assert machine.run(before, fails=True)["error"] == "NoCapacity"
    started = [machine.start(before) for _ in range(6)]
    assert _outcomes(machine, started) == [*["duplicate"] * 5, "ran"]
    assert _outcomes(machine, [machine.start(before)]) == ["duplicate"]


@pytest.mark.parametrize("missing", ["PutObject", "GetObject"])
def test_a_key_that_s3_denies_fails_the_run_by_name(sandbox: Sandbox, missing: str) -> None:
    actions = {"GetObject", "ListBucket", "PutObject"} - {missing}
    name = f"denied-{missing}"
    client(sandbox, "s3").put_object(Bucket=WORK, Key="keys/GetObject", Body=b"arn:of:a:run")
    ended = _machine(sandbox, name, *sorted(actions)).run(missing)
    assert (ended["status"], ended["error"]) == ("FAILED", fields.KEY_NOT_CLAIMED)
    assert "Status Code: 403" in ended["cause"]
    assert f"s3://{WORK}/keys/{missing}" in ended["cause"]


def test_a_slow_down_is_waited_out(machine: Machine) -> None:
    machine.sandbox.faults(requests=[_SLOW_DOWN | {"times": 2}])
    assert json.loads(machine.run("slowed")["output"]) == {"ran": True}


def test_a_slow_down_that_stays_fails_the_run_by_name(machine: Machine) -> None:
    machine.sandbox.faults(requests=[_SLOW_DOWN | {"times": 99}])
    ended = machine.run("slowed-down")
    machine.sandbox.faults(requests=[])
    assert ended["error"] == fields.KEY_NOT_CLAIMED
    assert "Please reduce your request rate" in ended["cause"]
    assert json.loads(machine.run("slowed-down")["output"]) == {"ran": True}


def test_a_key_of_an_execution_that_is_forgotten_is_not_taken_for_free(machine: Machine) -> None:
    gone = machine.arn.replace("stateMachine", "execution") + ":gone"
    machine.client("s3").put_object(Bucket=WORK, Key="keys/old", Body=gone.encode())
    ended = machine.run("old")
    assert ended["error"] == fields.KEY_NOT_CLAIMED
    assert "Delete the object, or give another key, to run again." in ended["cause"]
