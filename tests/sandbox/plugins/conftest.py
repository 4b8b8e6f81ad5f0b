"""Ways to try a plug-in through a real client of the real server."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef

    from sandbox.plugins.json_type import Json

_ROLE = "arn:aws:iam::123456789012:role/workflow"


@dataclass(frozen=True)
class Workflows:
    """Creates state machines, and runs them to their end."""

    client: SFNClient

    def create(self, states: dict[str, Json], **options: Json) -> str:
        """A JSONata state machine that begins with the first of ``states``; its ARN."""
        definition = {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states}
        name = f"test-{time.monotonic_ns()}"
        made = self.client.create_state_machine(
            name=name, definition=json.dumps(definition), roleArn=_ROLE, **options
        )
        return made["stateMachineArn"]

    def start(self, states: dict[str, Json], given: Json = None) -> str:
        """Start an execution of new states; its ARN."""
        started = self.client.start_execution(
            stateMachineArn=self.create(states), input=json.dumps(given or {})
        )
        return started["executionArn"]

    def run(self, states: dict[str, Json], given: Json = None) -> DescribeExecutionOutputTypeDef:
        """An execution of new states, at its end."""
        return self.end(self.start(states, given))

    def end(self, execution: str, seconds: float = 30) -> DescribeExecutionOutputTypeDef:
        """An execution as it is described when it has ended."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            described = self.client.describe_execution(executionArn=execution)
            if described["status"] != "RUNNING":
                return described
            time.sleep(0.05)
        raise TimeoutError(f"{execution} still runs after {seconds} s")

    def output(self, states: dict[str, Json], given: Json = None) -> Json:
        """The output of an execution that must succeed."""
        ended = self.run(states, given)
        assert ended["status"] == "SUCCEEDED", ended
        return json.loads(ended["output"])

    def value(self, expression: str, given: Json = None) -> Json:
        """What an expression yields as the output of a state."""
        states = {"Only": {"Type": "Pass", "Output": {"v": f"{{% {expression} %}}"}, "End": True}}
        return self.output(states, given)["v"]


@pytest.fixture(scope="session")
def workflows(stepfunctions: SFNClient) -> Workflows:
    return Workflows(stepfunctions)
