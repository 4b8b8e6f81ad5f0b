"""A pull request that is hostile or broken: it can't forge a verdict, and is told what is wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tfbatch.review import main
from tfbatch.review.errors import ReviewError
from tfbatch.review.sides import assembly, programs
from tfbatch.review.sides.environment import without_credentials
from tfbatch.review.sides.stacks import load_stacks

if TYPE_CHECKING:
    from pathlib import Path

    from tfbatch.review.review import Review

APP = """
import json, os, pathlib
folder = pathlib.Path(os.environ["CDK_OUTDIR"])
folder.mkdir(parents=True, exist_ok=True)
resources = {RESOURCES}
template = {"Resources": {name: {"Type": "AWS::DynamoDB::Table"} for name in resources}}
(folder / "data.template.json").write_text(json.dumps(template))
artifact = {
    "type": "aws:cloudformation:stack",
    "environment": "aws://111122223333/eu-west-1",
    "properties": {"templateFile": "data.template.json", "stackName": "data"},
}
(folder / "manifest.json").write_text(json.dumps({"artifacts": {"data": artifact}}))
"""
FORGED = """
import sys
import tfbatch.review.review as review
review.compare = lambda **_: None
pathlib.Path("review").mkdir(exist_ok=True)
pathlib.Path("review/review.json").write_text('{"exit_code": 0}')
pathlib.Path(os.environ["CDK_OUTDIR"], "stages.json").write_text("[]")
os._exit(0)
"""


def git(repository: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=A. Reviewer", "-c", "user.email=reviewer@example.com")
    command = ["git", "-C", str(repository), *identity, *arguments]
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Any CDK app: one stack of two tables, on the branch ``base``."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "cdk.json").write_text(json.dumps({"app": f"{sys.executable} app.py"}))
    (folder / "app.py").write_text(APP.replace("{RESOURCES}", "['A', 'B']"))
    git(folder, "init", "--quiet", "--initial-branch", "base")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "base")
    return folder


def commit(project: Path, branch: str, **files: str) -> None:
    git(project, "checkout", "--quiet", "-b", branch, "base")
    for name, text in files.items():
        (project / name.replace("_", ".")).write_text(text)
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", branch)
    git(project, "checkout", "--quiet", "base")


def tfbatch(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tfbatch", "review", *arguments]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)


def test_a_branch_that_forges_its_verdict_gets_the_true_one(project: Path, tmp_path: Path) -> None:
    """The commands of the two jobs, the second from the base."""
    commit(project, "hostile", app_py=APP.replace("{RESOURCES}", "['A']") + FORGED)
    made, out = tmp_path / "assembly", tmp_path / "review"
    done = tfbatch(project, "--head", "hostile", "--synthesize", str(made))
    assert done.returncode == 0, done.stderr
    again = ("--base", "base", "--head-assembly", str(made), "--out", str(out), "--format", "json")
    done = tfbatch(project, *again)
    assert done.returncode == 4, done.stdout + done.stderr
    assert json.loads((out / "review.json").read_text())["verdict"] == "destructive"
    assert "data of 1 lost" in done.stdout


def review(project: Path, head: str) -> Review:
    request = main.Request(repository=project, base="base", head=head)
    return main.make(request, cache=project / ".cache")


def test_any_cdk_app_is_reviewed_and_a_base_that_went_on_is_no_change(project: Path) -> None:
    commit(project, "topic", app_py=APP.replace("{RESOURCES}", "['A', 'B', 'C']"))
    (project / "app.py").write_text(APP.replace("{RESOURCES}", "['A', 'B', 'D']"))
    git(project, "commit", "--quiet", "--all", "--message", "base goes on")
    found = review(project, "topic")
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
    project: Path, app: str, said: str
) -> None:
    commit(project, "broken", app_py=app)
    with pytest.raises(ReviewError, match=said):
        review(project, "broken")


def test_an_app_that_waits_is_stopped(project: Path, tmp_path: Path) -> None:
    (project / "app.py").write_text("import time; time.sleep(60)")
    job = programs.Job(root=project, output=tmp_path / "made", name="topic")
    with pytest.raises(ReviewError, match=r"topic took more than 0\.5 seconds"):
        programs.run([job], seconds=0.5)


@pytest.mark.parametrize("text", ["{", "[]", '{"context": {}}', '{"app": ["a"]}'])
def test_a_broken_configuration_is_named_with_the_remedy(project: Path, text: str) -> None:
    commit(project, "broken", cdk_json=text)
    with pytest.raises(ReviewError, match=r"cdk\.json can't be read\. It must be"):
        review(project, "broken")


def test_a_project_without_stages_is_told(project: Path, tmp_path: Path) -> None:
    (project / "stacks").mkdir()
    (project / "stacks" / "stages.py").write_text("STAGES = ()\n")
    job = programs.Job(root=project, output=tmp_path / "made", name="topic")
    with pytest.raises(ReviewError, match=r"STAGES in stacks/stages\.py is empty"):
        programs.run([job])


def test_a_link_out_of_the_repository_is_named(project: Path) -> None:
    git(project, "checkout", "--quiet", "-b", "link")
    (project / "secrets").symlink_to("/etc/passwd")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", "link")
    git(project, "checkout", "--quiet", "base")
    with pytest.raises(ReviewError, match="leads out of the repository"):
        review(project, "link")


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
