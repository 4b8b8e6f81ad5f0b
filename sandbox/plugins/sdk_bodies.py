"""What ``aws-sdk`` tasks read is text, as Step Functions gives it; moto leaves an open stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_aws_sdk as aws_sdk,
)

from sandbox.plugins.patch import replace

if TYPE_CHECKING:
    from moto.stepfunctions.parser.asl.eval.environment import Environment

    from sandbox.plugins.runtime import Runtime


def install(_runtime: Runtime) -> None:
    """Read the streams of a response, such as GetObject's ``Body``."""
    task = aws_sdk.StateTaskServiceAwsSdk
    original = task._eval_service_task  # noqa: SLF001 - no public seam

    def evaluate(self: object, env: Environment, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 - passed on
        original(self, env, *arguments, **named)
        env.stack[-1] = {name: _text(value) for name, value in env.stack[-1].items()}

    replace(task, "_eval_service_task", evaluate)


def _text(value: Any) -> Any:  # noqa: ANN401 - of a response, anything
    return value.read().decode() if hasattr(value, "read") else value
