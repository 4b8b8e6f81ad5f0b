"""Running other programs quietly."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tfbatch.terminal import program

if TYPE_CHECKING:
    from pathlib import Path


def test_what_a_program_says_goes_to_its_log(tmp_path: Path) -> None:
    log = tmp_path / "said.log"
    program.run([sys.executable, "-c", "print('hello')"], log=log, cwd=tmp_path)
    assert log.read_text() == "hello\n"


def test_a_program_that_fails_is_quoted_and_its_log_named(tmp_path: Path) -> None:
    log = tmp_path / "said.log"
    code = "import sys; print('first'); sys.exit('no such stack')"
    with pytest.raises(program.CommandError, match="no such stack") as failure:
        program.run([sys.executable, "-c", code], log=log)
    assert "ended with exit code 1" in str(failure.value)
    assert str(log) in str(failure.value)
