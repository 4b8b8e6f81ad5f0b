"""Runs the demo and returns its exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from tfbatch.demo.display import Display
from tfbatch.demo.errors import DemoError
from tfbatch.demo.run import demo
from tfbatch.terminal.program import CommandError
from tfbatch_sandbox.sandbox import SandboxError

if TYPE_CHECKING:
    from pathlib import Path

_EXPECTED = (
    BotoCoreError,
    ClientError,
    CommandError,
    DemoError,
    SandboxError,
)


def run(*, output: Path, keep: bool) -> int:
    """Run the demo; return 0 if it succeeded, 1 with the reason shown if not."""
    display = Display(console=Console())
    try:
        demo(display, output=output, keep=keep)
    except _EXPECTED as error:
        display.failure(error)
        return 1
    return 0
