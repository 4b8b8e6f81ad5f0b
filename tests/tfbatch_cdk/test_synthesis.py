"""Tests of the real ``cdk synth``: its output is reproducible, and its checks find mistakes.

``make synth`` runs the checks and cfn-lint on every stage.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.paths import REPOSITORY

CDK = REPOSITORY / "node_modules" / ".bin" / "cdk"
CHECKED = "nag=true"
FOLDERS = (".", "stacks", "model_code", "functions")  # the paths of the editable install
SOURCES = ("app.py", "cdk.json", "stacks", "model_code", "functions", "models")


def cdk_synth(checkout: Path, output: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Synthesize a checkout without credentials, with the code of the checkout."""
    environment = {name: value for name, value in os.environ.items() if "AWS" not in name} | {
        "PYTHONPATH": os.pathsep.join(str(checkout / folder) for folder in FOLDERS),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "AWS_EC2_METADATA_DISABLED": "true",
        "CDK_VALIDATION": "true" if CHECKED in options else "false",
    }
    return subprocess.run(
        [str(CDK), "synth", "--quiet", "--output", str(output), *options],
        cwd=checkout,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def _copy(target: Path) -> Path:
    for name in SOURCES:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, target / name)
        else:
            target.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target / name)
    return target


def _templates(assembly: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in assembly.glob("*.template.json")}


def _artifact(assembly: Path) -> str:
    (listing,) = assembly.glob("asset.*.members.json")
    return listing.name.split(".")[1]


def test_two_directories_give_one_assembly_and_one_line_moves_one_asset(tmp_path: Path) -> None:
    here, there = tmp_path / "here", _copy(tmp_path / "a" / "clone" / "elsewhere")
    assert cdk_synth(REPOSITORY, here).returncode == 0
    for path in there.rglob("*"):
        os.utime(path, (86_400, 86_400))
    assert cdk_synth(there, tmp_path / "there").returncode == 0
    assert _templates(here) == _templates(tmp_path / "there")
    assert _artifact(here) == _artifact(tmp_path / "there")

    with (there / "model_code" / "inference.py").open("a") as file:
        file.write("# a line\n")
    assert cdk_synth(there, tmp_path / "changed").returncode == 0
    before, after = _artifact(here), _artifact(tmp_path / "changed")
    assert before != after
    assert {
        name: text.replace(after, before) for name, text in _templates(tmp_path / "changed").items()
    } == _templates(here)


def test_the_checks_would_find_an_unreasoned_wildcard(tmp_path: Path) -> None:
    checkout = _copy(tmp_path / "clone")
    model = checkout / "stacks" / "tfbatch_cdk" / "model" / "sagemaker_model.py"
    model.write_text(model.read_text().replace("because=", "conditions=None and "))
    done = cdk_synth(checkout, tmp_path / "out", "-c", "stage=prod", "-c", CHECKED)
    assert done.returncode != 0
    assert "AwsSolutions-IAM5" in done.stdout + done.stderr


def test_an_unknown_stage_stops_the_synthesis_with_the_known_ones(tmp_path: Path) -> None:
    done = cdk_synth(REPOSITORY, tmp_path, "-c", "stage=staging")
    assert done.returncode != 0
    assert "stage = 'staging': not a stage; use -c stage=NAME with one of dev, prod" in done.stderr
