"""Finds, names and starts executions of a stage's state machine."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tfbatch.terminal.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_stepfunctions.type_defs import ExecutionListItemTypeDef

_SLUG = 9
"""Maximum length of a folder's name in an execution's name. With time and a random part it is 30
characters, which begin the names of its transform jobs."""


def new_name(title: str) -> str:
    """Return a unique name: ``photos-20261122-170102-ab12``."""
    slug = re.sub(r"[^A-Za-z0-9]+", "-", title)[:_SLUG].strip("-") or "run"
    return f"{slug}-{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Executions:
    """The executions of one state machine."""

    sfn: SFNClient
    state_machine: str
    """Its ARN."""

    def arn(self, name: str) -> str:
        """Return the ARN of the execution with this name."""
        return f"{self.state_machine.replace(':stateMachine:', ':execution:')}:{name}"

    def recent(self, *, status: str | None = None) -> Iterator[ExecutionListItemTypeDef]:
        """Yield them, the newest first."""
        pages = self.sfn.get_paginator("list_executions").paginate(
            stateMachineArn=self.state_machine,
            **({"statusFilter": status} if status else {}),  # type: ignore[arg-type]
        )
        for page in pages:
            yield from page["executions"]

    def find(self, said: str | None) -> str:
        """Find an execution.

        Args:
            said: its ARN, its name or the start of its name; ``None`` is the newest.

        Raises:
            Problem: there is none, or several match.
        """
        if said and said.startswith("arn:"):
            return said
        if said and self._exists(said):
            return self.arn(said)
        fitting = (one for one in self.recent() if one["name"].startswith(said or ""))
        found = next(fitting, None)
        if found is None:
            raise Problem(
                f"EXECUTION = {said!r}: there is none; 'tfbatch list' shows those there are."
                if said
                else "Nothing has run yet: start with 'tfbatch run INPUT'."
            )
        if said and (other := next(fitting, None)):
            both = f"{found['name']} and {other['name']}"
            raise Problem(f"EXECUTION = {said!r}: both {both} begin so; write more of it.")
        return found["executionArn"]

    def _exists(self, name: str) -> bool:
        try:
            self.sfn.describe_execution(executionArn=self.arn(name))
        except self.sfn.exceptions.ClientError as error:
            code = error.response["Error"]["Code"]
            if code in {"ExecutionDoesNotExist", "InvalidArn", "ValidationException"}:
                return False
            raise
        return True
