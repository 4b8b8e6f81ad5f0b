"""Each side is synthesized with the packages that it pins, or it is said that it wasn't."""

from __future__ import annotations

import json
import shutil
from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest

from tests.paths import REPOSITORY
from tests.tfbatch.review.projects import Project
from tfbatch.review.errors import ReviewError
from tfbatch.review.finding import Severity
from tfbatch.review.render.markdown import markdown
from tfbatch.review.sides.packages import sides as packages
from tfbatch.review.sides.runner import Runner

if TYPE_CHECKING:
    from pathlib import Path

    from tfbatch.review.finding import Finding
    from tfbatch.review.review import Review

APP = """
from aws_cdk import App, RemovalPolicy, Stack
from aws_cdk.aws_s3 import Bucket

app = App()
gone = RemovalPolicy.DESTROY
Bucket(Stack(app, "data"), "Input", auto_delete_objects=True, removal_policy=gone)
app.synth()
"""
SAME = (
    *("attrs", "aws-cdk-asset-node-proxy-agent-v6", "cattrs", "constructs", "jsii"),
    *("publication", "python-dateutil", "six", "typeguard", "typing-extensions"),
)
"""What aws-cdk-lib needs, in the versions that are installed here."""
OLD = {
    "aws-cdk-lib": "2.230.0",
    "aws-cdk-cloud-assembly-schema": "48.20.0",
    "aws-cdk-asset-awscli-v1": "2.2.242",
}
"""Its custom resources run on nodejs22.x; 2.275.0's run on nodejs24.x."""


def installed(*names: str) -> dict[str, str]:
    return {name: version(name) for name in names}


def lock(pins: dict[str, str]) -> str:
    return "".join(f"{name}=={pinned}\n" for name, pinned in pins.items())


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A CDK app of one bucket, which pins nothing yet."""
    return Project.make(
        tmp_path / "project", {"app.py": APP, "cdk.json": '{"app": "python app.py"}'}
    )


def finding(review: Review, rule: str) -> Finding:
    (found,) = [one for one in review.findings if one.rule == rule]
    return found


def test_a_bump_of_the_cdk_is_reviewed_with_each_sides_own_version(project: Project) -> None:
    now = installed(*SAME, *OLD)
    files = {"app.py": APP, "cdk.json": '{"app": "python app.py"}'}
    project.commit("base", files | {"requirements/all.lock": lock(now | OLD)})
    project.commit("bump", {"requirements/all.lock": lock(now)})
    review = project.review("base", "bump")
    if problem := [one.why for one in review.findings if one.rule == "packages-not-own"]:
        pytest.skip(f"uv can't reach an index: {problem}")
    changed = finding(review, "packages-changed")
    assert changed.severity is Severity.FINE
    assert ("aws-cdk-lib", "2.230.0", now["aws-cdk-lib"]) in changed.rows
    rows = [row for one in review.findings for row in one.rows]
    assert ("Runtime", "nodejs22.x", "nodejs24.x") in rows
    assert f"aws-cdk-lib 2.230.0 → {now['aws-cdk-lib']}" in markdown(review)
    assert project.review("base", "bump") == review  # from the cache


def test_packages_that_cannot_be_installed_need_attention_each_time(project: Project) -> None:
    project.commit("base", {"requirements/all.lock": lock(installed("publication"))})
    project.commit("bump", {"requirements/all.lock": "publication==0.0.999\n"})
    for _ in range(2):
        review = project.review("base", "bump")
        found = finding(review, "packages-not-own")
        assert found.severity is Severity.ATTENTION
        assert found.title.startswith("The head was not synthesized")
        assert finding(review, "packages-changed").severity is Severity.ATTENTION


def test_a_changed_requirement_without_a_lock_need_attention(
    project: Project,
) -> None:
    project.commit("base", {"requirements.txt": "aws-cdk-lib>=2\n"})
    project.commit("more", {"requirements.txt": "aws-cdk-lib>=2\nleft-pad\n"})
    assert project.review("base", "base").severity is Severity.FINE
    review = project.review("base", "more")
    found = finding(review, "packages-not-compared")
    assert found.severity is Severity.ATTENTION
    assert "requirements.txt has `aws-cdk-lib>=2`, without an exact version" in found.why


@pytest.mark.parametrize(
    "line",
    ["boto3", "boto3>=1", "boto3==1.*", "-r other.txt", "-e .", "--find-links /tmp", "./local"],
)
def test_a_line_that_pins_no_version_makes_no_lock(line: str) -> None:
    with pytest.raises(ReviewError, match=r"all\.lock has `.*`, w"):
        packages.parse("all.lock", f"jinja2==3.1.6\n{line}\n")


def test_hashes_markers_and_addresses_are_read() -> None:
    found = packages.parse(
        "all.lock",
        "--index-url https://index.example/simple\n"
        "Jinja2==3.1.6 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n    # via cfn-lint\n"
        "old==1.0 ; python_version < '3'\n"
        "tfbatch[all] @ git+https://git.example/tfbatch@0123\n",
    )
    assert found.pins == {
        "jinja2": "3.1.6",
        'old (python_version < "3")': "1.0",
        "tfbatch": "git+https://git.example/tfbatch@0123",
    }
    other = packages.parse("all.lock", "jinja2==3.1.6 --hash=sha256:bb --hash=sha256:aa\n")
    assert other.hashes["jinja2"] == found.hashes["jinja2"]


UV_LOCK = """
version = 1
requires-python = ">=3.11"

[[package]]
name = "mine"
version = "0.1.0"
source = { virtual = "." }
dependencies = [{ name = "publication" }]

[package.metadata]
requires-dist = [{ name = "publication" }]

[[package]]
name = "publication"
version = "0.0.3"
source = { registry = "https://pypi.org/simple" }
"""


def test_the_lock_of_uv_is_read(tmp_path: Path) -> None:
    declared = '[project]\nname = "mine"\nversion = "0.1.0"\nrequires-python = ">=3.11"\n'
    (tmp_path / "pyproject.toml").write_text(f'{declared}dependencies = ["publication"]\n')
    (tmp_path / "uv.lock").write_text(UV_LOCK)
    shutil.copy(REPOSITORY / "package-lock.json", tmp_path)
    runner = Runner(tmp_path, seconds=60)
    _, found = packages.prepare(tmp_path, runner=runner, cache=tmp_path / "cache", name="mine")
    assert found.lock == "uv.lock"
    assert found.pins == {"publication": version("publication")}
    assert not found.problem  # it is installed here
    named = json.loads((REPOSITORY / "package.json").read_text())["devDependencies"]
    assert found.node["node_modules/aws-cdk"] == named["aws-cdk"]
    packages.write(found, tmp_path)
    assert packages.read(tmp_path) == found


def test_an_assembly_that_names_no_packages_is_not_trusted(tmp_path: Path) -> None:
    assert "doesn't say with which packages" in packages.read(tmp_path).problem
    for text in ("[]", "{}", json.dumps({"lock": 1, "problem": "", "pins": []})):
        (tmp_path / "packages.json").write_text(text)
        with pytest.raises(ReviewError, match=r"packages\.json of the assembly can't be read"):
            packages.read(tmp_path)
