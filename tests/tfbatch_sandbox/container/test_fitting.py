"""Packages of ``code/lib`` for another Python than this: the same versions for this one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tfbatch_cdk.model import vendoring
from tfbatch_cdk.settings import HANDLER_LOCK
from tfbatch_sandbox.container import fitting

if TYPE_CHECKING:
    from pathlib import Path

OTHER = "3.12" if sys.version_info[:2] != (3, 12) else "3.11"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """An unpacked artifact with packages for another Python than this."""
    runtime = vendoring.Runtime(python=OTHER, platform="x86_64-manylinux_2_28")
    for name, file in vendoring.packages([HANDLER_LOCK], runtime).items():
        target = tmp_path / "disk" / "model" / "code" / "lib" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)
    return tmp_path / "disk" / "model"


def test_a_compiled_module_is_imported_in_this_pythons_build(model: Path, tmp_path: Path) -> None:
    said: list[str] = []
    fitting.fit(model, said.append, cache=tmp_path / "cache")
    paths = [*(model.parent / fitting.FOLDER).iterdir(), model / "code" / "lib"]
    program = "import google_crc32c, pybase64; print(google_crc32c.implementation)"
    done = subprocess.run(
        [sys.executable, "-S", "-c", program],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, paths))},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "c\n"
    assert [line.split()[3] for line in said] == ["google-crc32c", "pybase64"]
    assert all(f"(cp{OTHER.replace('.', '')}-" in line for line in said)


def test_what_fits_is_left_alone(tmp_path: Path) -> None:
    metadata = tmp_path / "model" / "code" / "lib" / "pure-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "WHEEL").write_text("Wheel-Version: 1.0\nTag: py2-none-any\nTag: py3-none-any\n")
    said: list[str] = []
    fitting.fit(tmp_path / "model", said.append)
    assert not said
    assert not (tmp_path / fitting.FOLDER).exists()


@pytest.mark.parametrize("name", ["no_such_package_of_tfbatch-1.0", "..-1.0", "--index-url=x-1"])
def test_what_cannot_be_had_is_said_with_its_tag_and_a_remedy(tmp_path: Path, name: str) -> None:
    metadata = tmp_path / "model" / "code" / "lib" / f"{name}.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "WHEEL").write_text("Tag: cp27-cp27m-win32\n")
    said: list[str] = []
    fitting.fit(tmp_path / "model", said.append, cache=tmp_path / "cache")
    (line,) = said
    assert "(cp27-cp27m-win32), which Python 3." in line
    assert "Run the sandbox on the image's Python" in line
    assert list((tmp_path / "cache").iterdir()) == []


def test_packages_are_fetched_as_the_sandboxs_user_does(monkeypatch: pytest.MonkeyPatch) -> None:
    users = {"UV_DEFAULT_INDEX": "https://mirror.example/simple", "https_proxy": "http://proxy:1"}
    told = fitting.downloads(users | {"AWS_PROFILE": "mine", "HOME": "/home/me"})
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("NO_PROXY", "*")
    found = fitting.environment()
    assert users.items() <= found.items()
    assert "NO_PROXY" not in found
    assert "AWS_PROFILE" not in json.dumps(told)
