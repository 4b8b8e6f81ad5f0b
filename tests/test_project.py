"""The promises of the project: its stages synthesize, and a run in a sandbox gives predictions."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from aws_cdk import App

from app import build
from stacks.stages import STAGES

if TYPE_CHECKING:
    from pathlib import Path

    from tfbatch_cdk.settings import Stage


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: str(stage.name))
def test_a_stage_synthesizes(stage: Stage, tmp_path: Path) -> None:
    app = App(outdir=str(tmp_path))
    build(app, stage)
    assembly = app.synth()
    assert [stack.stack_name for stack in assembly.stacks]


def test_a_run_in_a_sandbox_gives_predictions(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tfbatch", "demo", "--output", str(tmp_path)]
    subprocess.run(command, check=True)
    assert [path for path in tmp_path.rglob("*.out") if path.stat().st_size]
