"""The patch of the stages' file: only what was measured changes, however the file is written."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.paths import REPOSITORY
from tfbatch.tune.editing import EditError
from tfbatch.tune.patching import Wanted, patch

if TYPE_CHECKING:
    from pathlib import Path

STAGES = REPOSITORY / "stacks" / "stages.py"
WANTED = Wanted(
    stage="dev",
    model="efficientnet-lite0",
    format="jpeg",
    max_concurrent_transforms=32,
    max_payload_mb=3,
    environment={"SAGEMAKER_GUNICORN_WORKERS": "2"},
    records_per_second=123.4,
)
HEAD = """\
from pathlib import Path
from tfbatch_cdk.settings import Compute, Format, Model, Stage
M = Model(name="efficientnet-lite0", directory=Path("models"), environment={"A": "\\"ü\\""})
"""


def git(folder: Path, *arguments: str, text: str = "") -> None:
    subprocess.run(["git", *arguments], cwd=folder, input=text, text=True, check=True)


@pytest.mark.parametrize("stage", ["dev", "prod"])
@pytest.mark.parametrize("format_", ["jpeg", "tfrecord"])
def test_git_applies_it_to_the_repositorys_own_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str, format_: str
) -> None:
    monkeypatch.chdir(tmp_path)  # whoever tunes may stand anywhere
    copy = tmp_path / "stacks" / "stages.py"
    copy.parent.mkdir()
    copy.write_text(STAGES.read_text())
    wanted = replace(WANTED, stage=stage, format=format_)
    git(tmp_path, "init", "--quiet")
    text = patch(copy, wanted, shown="stacks/stages.py")
    assert text.count("\n-") < 8, text
    git(tmp_path, "apply", text=text)
    assert "max_concurrent_transforms=32" in copy.read_text()
    assert patch(copy, wanted, shown="stacks/stages.py") == ""


def test_tuned_again_it_changes_the_numbers_alone(tmp_path: Path) -> None:
    copy = tmp_path / "stacks" / "stages.py"
    copy.parent.mkdir()
    copy.write_text(STAGES.read_text())
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "apply", text=patch(copy, WANTED, shown="stacks/stages.py"))
    again = replace(WANTED, max_concurrent_transforms=16, records_per_second=99.0)
    changes = [
        line
        for line in patch(copy, again, shown="stacks/stages.py").splitlines()
        if line.startswith(("+ ", "- "))
    ]
    assert len(changes) == 4
    other = patch(copy, replace(WANTED, format="tfrecord"), shown="stacks/stages.py")
    assert '"tfrecord": replace(' in other


@pytest.mark.parametrize(
    "stages",
    [
        'STAGES = (Stage(name="dev", models=(M,), formats={"jpeg": Format(content_type="a")}),)',
        (
            'F = {"jpeg": Format(content_type="a")}\n'
            'STAGES = (Stage(name="dev", formats=F, models=(M,), compute=Compute(max_jobs=2)),)'
        ),
        (
            'J = Format(content_type="a")\nC = Compute()\n'
            'STAGES = [Stage(name="dev", models=(M,), formats={"jpeg": J, "x": J}, compute=C)]'
        ),
    ],
)
def test_it_edits_other_ways_to_write_a_stage(tmp_path: Path, stages: str) -> None:
    path = tmp_path / "stages.py"
    path.write_text(HEAD + stages + "\n")
    wanted = replace(WANTED, environment={})
    text = patch(path, wanted, shown="stages.py")
    assert "max_concurrent_transforms=32" in text
    assert "records_per_second=123.4" in text


@pytest.mark.parametrize(
    "stages",
    [
        "STAGES = tuple(Stage(name=n, models=(M,), formats={}) for n in ('dev',))",
        (
            'def f(**k): return Format(content_type="a")\n'
            'STAGES = (Stage(name="dev", models=(M,), formats={"jpeg": f()}),)'
        ),
        (
            'F = Format(content_type="a")\nMS = (M,)\n'
            'STAGES = (Stage(name="dev", models=MS, formats={"jpeg": F}),)'
        ),
    ],
    ids=["no literal name", "a function of their own", "models elsewhere"],
)
def test_what_it_cant_edit_it_says_how_to_write_by_hand(tmp_path: Path, stages: str) -> None:
    path = tmp_path / "stages.py"
    path.write_text(HEAD + stages + "\n")
    with pytest.raises(EditError, match=r"by hand, max_concurrent_transforms=32"):
        patch(path, WANTED, shown="stages.py")
