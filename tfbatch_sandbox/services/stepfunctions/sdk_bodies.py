"""Converts responses of ``aws-sdk`` tasks to JSON, as Step Functions does."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_aws_sdk as aws_sdk,
)

from tfbatch_sandbox.services.patch import replace

if TYPE_CHECKING:
    from moto.stepfunctions.parser.asl.eval.environment import Environment

    from tfbatch_sandbox.services.runtime import Runtime


def install(_runtime: Runtime) -> None:
    """Read the streams of a response, such as GetObject's ``Body``, and convert its times."""
    task = aws_sdk.StateTaskServiceAwsSdk
    original = task._eval_service_task  # noqa: SLF001 - no public seam

    def evaluate(self: object, env: Environment, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 - passed on
        original(self, env, *arguments, **named)
        env.stack[-1] = _text(env.stack[-1])

    replace(task, "_eval_service_task", evaluate)


def _text(value: Any) -> Any:  # noqa: ANN401 - of a response, anything
    if hasattr(value, "read"):
        return value.read().decode()
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"
    if isinstance(value, dict):
        return {name: _text(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_text(item) for item in value]
    return value
