"""What a synthesis asks of Node.js, with the Node.js that runs the CDK."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tfbatch_cdk import synthesis

if TYPE_CHECKING:
    from collections.abc import Iterator


def _node(program: str) -> str:
    done = subprocess.run(["node", "-e", program], check=True, capture_output=True, text=True)
    assert done.stderr == ""
    return done.stdout.strip()


@pytest.fixture(autouse=True)
def _as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(os.environ, "NODE_OPTIONS", "--no-deprecation --max-semi-space-size=32")
    yield
    gc.enable()


def test_node_takes_the_options_from_a_folder_whose_name_has_a_space(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "a team's \u00e4pp"
    folder.mkdir()
    monkeypatch.setattr(synthesis, "_FLAGS", folder / "flags.cjs")
    shutil.copy(Path(synthesis.__file__).with_suffix(".cjs"), folder / "flags.cjs")
    synthesis.quicken()
    loaded = _node("console.log(Object.keys(require('node:module')._cache).join())")
    assert str(folder / "flags.cjs") in loaded


def test_a_users_own_options_of_node_stay_and_come_last() -> None:
    synthesis.quicken()
    assert _node("console.log(process.noDeprecation)") == "true"
    assert _node("console.log(process.env.NODE_OPTIONS)").endswith(" --max-semi-space-size=32")
