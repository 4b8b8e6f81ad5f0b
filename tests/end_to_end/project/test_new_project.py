"""A stranger's first hour: a fresh environment with nothing but the wheel, and a new project."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.paths import REPOSITORY
from tfbatch_sandbox.processes.system import PORTABLE

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.timeout(900)
OURS = (str(REPOSITORY), str(Path(sys.prefix)))
"""Folders that a stranger's PATH doesn't have."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stranger:
    """A folder with a fresh environment ``v``, into which only the wheel was installed."""

    folder: Path

    def run(
        self,
        *command: str,
        at: str = ".",
        activated: Sequence[str] = (),
        portable: bool = False,
        code: int = 0,
    ) -> str:
        """Run a command in a folder, with the environment activated, and return what it says."""
        path = [str(self.folder / "v" / "bin"), *(str(self.folder / one) for one in activated)]
        path += [one for one in os.environ["PATH"].split(os.pathsep) if not one.startswith(OURS)]
        hidden = ("AWS_", "VIRTUAL_ENV", "PYTHONPATH", "MAKE", "MFLAGS", "PYTEST_", "TF_CPP")
        kept = {name: one for name, one in os.environ.items() if not name.startswith(hidden)}
        kept |= {PORTABLE: "1"} if portable else {}
        done = subprocess.run(
            command,
            cwd=self.folder / at,
            env=kept | {"PATH": os.pathsep.join(path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Stranger:
    folder = tmp_path_factory.mktemp("stranger")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=REPOSITORY, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    uv = [str(Path(sys.executable).with_name("uv")), "--system-certs"]
    subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, folder / "v"], check=True)
    python = folder / "v" / "bin" / "python"
    subprocess.run([*uv, "pip", "install", "--quiet", "--python", python, wheel], check=True)
    return Stranger(folder=folder)


@pytest.fixture(scope="module")
def mine(stranger: Stranger) -> str:
    """The name of a new project's folder, in which ``make demo`` has run."""
    stranger.run("tfbatch", "init", "mine")
    said = stranger.run("make", "demo", at="mine", portable=True)  # as on a Mac
    assert "Both runs agree on all 12 photographs, and the cat is a cat." in said
    return "mine"


def test_without_extras_no_tensorflow_is_installed(stranger: Stranger) -> None:
    installed = {path.name for path in stranger.folder.glob("v/lib/python*/site-packages/*")}
    assert "aws_cdk" in installed
    assert not {"tensorflow", "moto", "keras", "skimage"} & installed
    said = stranger.run("tfbatch", "sandbox", "up", code=1)
    assert "run pip install 'tfbatch[sandbox]'" in said


def test_without_extras_a_project_is_synthesized_and_reviewed(
    stranger: Stranger, mine: str
) -> None:
    git = ("git", "-c", "user.name=A", "-c", "user.email=a@example.com")
    for arguments in (("init", "--quiet"), ("add", "-A"), ("commit", "--quiet", "-m", "one")):
        stranger.run(*git, *arguments, at=mine)
    stages = stranger.folder / mine / "stacks" / "stages.py"
    stages.write_text(stages.read_text().replace("max_instances=16", "max_instances=20"))
    modules = (f"{mine}/node_modules/.bin",)
    stranger.run("cdk", "synth", "--quiet", at=mine, activated=modules)
    said = stranger.run(
        *("tfbatch", "review", "--base", "HEAD"), at=mine, activated=modules, code=3
    )
    assert "prod" in said
    said = stranger.run("tfbatch", "doctor", "--show-aws", "--region", "eu-west-1", at=mine)
    assert "aws service-quotas" in said
    assert (stranger.folder / mine / "review" / "review.html").is_file()


def test_a_project_with_a_model_of_ones_own_passes_its_tests(
    stranger: Stranger, mine: str, saved_models: Path
) -> None:
    model = stranger.folder / "numbers"
    shutil.copytree(saved_models / "vector", model, dirs_exist_ok=True)
    stranger.run("tfbatch", "init", "own", "--model", str(model))
    own, first = stranger.folder / "own", stranger.folder / mine
    # What `make install` made is the same, and its prerequisites are no newer.
    pinned = ("requirements/installer.lock", "requirements/all.lock")
    for name in (*pinned, "package.json", "package-lock.json"):
        shutil.copy2(first / name, own / name)
    for name in (".venv", "node_modules"):
        (own / name).symlink_to(first / name)
    said = stranger.run("make", "test", at="own", portable=True)  # as on a Mac
    assert "3 passed" in said
