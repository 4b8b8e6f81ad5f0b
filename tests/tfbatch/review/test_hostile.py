"""A pull request that is hostile or broken: it can't forge a verdict, and is told what is wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.tfbatch.review.projects import Project, plain
from tfbatch.review.errors import ReviewError
from tfbatch.review.sides import assembly, programs
from tfbatch.review.sides.environment import without_credentials
from tfbatch.review.sides.stacks import load_stacks

if TYPE_CHECKING:
    from pathlib import Path

FORGED = """
import sys
import tfbatch.review.review as review
review.compare = lambda **_: None
pathlib.Path("review").mkdir(exist_ok=True)
pathlib.Path("review/review.json").write_text('{"exit_code": 0}')
pathlib.Path(os.environ["CDK_OUTDIR"], "stages.json").write_text("[]")
os._exit(0)
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Any CDK app: one stack of two tables, on the branch ``base``."""
    return Project.make(tmp_path / "project", plain("A", "B"))


def tfbatch(project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tfbatch", "review", *arguments]
    return subprocess.run(command, cwd=project.path, capture_output=True, text=True, check=False)


def test_a_branch_that_forges_its_verdict_gets_the_true_one(
    project: Project, tmp_path: Path
) -> None:
    """The commands of the two jobs, the second from the base."""
    files = plain("A")
    project.commit("hostile", files | {"app.py": files["app.py"] + FORGED})
    made, out = tmp_path / "assembly", tmp_path / "review"
    done = tfbatch(project, "--head", "hostile", "--synthesize", str(made))
    assert done.returncode == 0, done.stderr
    again = ("--base", "base", "--head-assembly", str(made), "--out", str(out), "--format", "json")
    done = tfbatch(project, *again)
    assert done.returncode == 4, done.stdout + done.stderr
    assert json.loads((out / "review.json").read_text())["verdict"] == "destructive"
    assert "data of 1 lost" in done.stdout


def test_any_cdk_app_is_reviewed_and_a_base_that_went_on_is_no_change(project: Project) -> None:
    project.commit("topic", plain("A", "B", "C"))
    project.commit("base", plain("A", "B", "D"))
    found = project.review("base", "topic")
    assert {one.subject for one in found.findings if one.fate} == {"C"}
    assert "where it left base" in found.base


@pytest.mark.parametrize(
    ("app", "said"),
    [
        ("import sys; sys.exit(0)", r"ended without writing its assembly.*app\.synth"),
        ("import os; os._exit(0)", r"ended without writing its assembly"),
        ("raise SystemExit('no app today')", "(?s)can't be synthesized.*no app today"),
    ],
)
def test_an_app_that_ends_early_is_named_with_the_remedy(
    project: Project, app: str, said: str
) -> None:
    project.commit("broken", {"app.py": app})
    with pytest.raises(ReviewError, match=said):
        project.review("base", "broken")


def test_an_app_that_waits_is_stopped(project: Project, tmp_path: Path) -> None:
    (project.path / "app.py").write_text("import time; time.sleep(60)")
    job = programs.Job(root=project.path, output=tmp_path / "made", name="topic")
    with pytest.raises(ReviewError, match=r"topic took more than 0\.5 seconds"):
        programs.run([job], cache=tmp_path, seconds=0.5)


@pytest.mark.parametrize("text", ["{", "[]", '{"context": {}}', '{"app": ["a"]}'])
def test_a_broken_configuration_is_named_with_the_remedy(project: Project, text: str) -> None:
    project.commit("broken", {"cdk.json": text})
    with pytest.raises(ReviewError, match=r"cdk\.json can't be read\. It must be"):
        project.review("base", "broken")


def test_a_project_without_stages_is_told(project: Project, tmp_path: Path) -> None:
    project.commit("base", {"stacks/stages.py": "STAGES = ()\n"})
    job = programs.Job(root=project.path, output=tmp_path / "made", name="topic")
    with pytest.raises(ReviewError, match=r"STAGES in stacks/stages\.py is empty"):
        programs.run([job], cache=tmp_path)


def test_a_link_out_of_the_repository_is_named(project: Project) -> None:
    (project.path / "secrets").symlink_to("/etc/passwd")
    project.commit("link", {})
    with pytest.raises(ReviewError, match="leads out of the repository"):
        project.review("base", "link")


def test_an_assembly_is_not_followed_out_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.template.json").write_text('{"Resources": {}}')
    folder = tmp_path / "dev"
    folder.mkdir()
    properties = {"templateFile": "../secret.template.json", "stackName": "data"}
    artifact = {"type": "aws:cloudformation:stack", "properties": properties}
    manifest = folder / "manifest.json"
    manifest.write_text(json.dumps({"artifacts": {"data": artifact}}))
    with pytest.raises(ReviewError, match="leads out of the cloud assembly"):
        load_stacks(folder, stage="dev")
    properties["templateFile"] = "data.template.json"
    (folder / "data.template.json").symlink_to(tmp_path / "secret.template.json")
    manifest.write_text(json.dumps({"artifacts": {"data": artifact}}))
    with pytest.raises(ReviewError, match="leads out of the cloud assembly"):
        load_stacks(folder, stage="dev")


@pytest.mark.parametrize("text", ["", "[]", '{"artifacts": {"x": {}}}', '{"artifacts": []}'])
def test_what_is_no_assembly_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(ReviewError, match="assembly"):
        assembly.load(tmp_path)


def test_reviewed_code_sees_no_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = {
        "GITHUB_TOKEN": "1",
        "AWS_SECRET_ACCESS_KEY": "2",
        "AWS_PROFILE": "3",
        "DEPLOY_API_KEY": "4",
        "NPM_AUTH": "5",
        "DB_PASSWORD": "6",
        "SSH_AUTH_SOCK": "7",
        "SOME_INDEX_URL": "https://me:hush@index.example/simple",  # pragma: allowlist secret
    }
    for name, value in taken.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("LANG", "C")
    seen = without_credentials(tmp_path)
    assert not taken.keys() & seen.keys()
    assert seen["LANG"] == "C"
    assert seen["HOME"] == str(tmp_path)
