"""Tests of vendoring: uv installs the handler's packages for the container's Python."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from aws_cdk import App

from app import build
from stacks.stages import stage_named
from tests.paths import REPOSITORY
from tfbatch_cdk.errors import SettingsError
from tfbatch_cdk.model import image, sagemaker_model, vendoring
from tfbatch_cdk.model.artifact import artifact_of
from tfbatch_cdk.model.vendoring import Runtime
from tfbatch_cdk.settings import HANDLER_LOCK, Container

if TYPE_CHECKING:
    from pathlib import Path

DEMO = stage_named("dev").models[0]
RUNTIME = Runtime(python="3.12", platform="x86_64-manylinux_2_28")
_DOCOPT = (
    "49b3a825280bd66b3aa83585ef59c4a8c82f2c8a522dbe754a8bc8d08c85c491"  # pragma: allowlist secret
)
"""Of its only file, a source distribution."""
_HASH = f"--hash=sha256:{'0' * 64}"


@pytest.fixture(scope="module")
def caches(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two folders with the same packages."""
    here, there = tmp_path_factory.mktemp("here"), tmp_path_factory.mktemp("there")
    for cache in (here, there):
        vendoring.packages([HANDLER_LOCK], RUNTIME, cache=cache)
    return here, there


def test_wheels_are_the_containers_whatever_this_python_is(caches: tuple[Path, Path]) -> None:
    names = set(vendoring.packages([HANDLER_LOCK], RUNTIME, cache=caches[0]))
    assert "pybase64/_pybase64.cpython-312-x86_64-linux-gnu.so" in names
    assert "google_crc32c/_crc32c.cpython-312-x86_64-linux-gnu.so" in names
    older = vendoring.packages([HANDLER_LOCK], replace(RUNTIME, python="3.11"), cache=caches[0])
    assert "pybase64/_pybase64.cpython-311-x86_64-linux-gnu.so" in older


def test_two_machines_make_the_same_artifact(caches: tuple[Path, Path]) -> None:
    made = [
        artifact_of(DEMO, packages=vendoring.packages([HANDLER_LOCK], RUNTIME, cache=cache))
        for cache in caches
    ]
    assert made[0].digest == made[1].digest
    names = [name.removeprefix("code/lib/") for name in made[0].members]
    assert {"pybase64/__init__.py", "google_crc32c/__init__.py"} <= set(names)
    assert not [name for name in names if name.startswith(("bin/", ".lock"))]
    assert not re.findall(r"RECORD|INSTALLER|REQUESTED|__pycache__|\.pyc", " ".join(names))


def test_what_was_unpacked_once_needs_no_process(
    caches: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subprocess, "run", None)
    assert vendoring.packages([HANDLER_LOCK], RUNTIME, cache=caches[0])


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("pybase64==1.5.1", r"must have a hash.*pybase64==1\.5\.1; write it with .*make lock"),
        (f"pybase64 {_HASH}", r"pinned with `==`.*pybase64; write it with"),
        (f"pybase64==1.5.1 {_HASH}", r"Hash mismatch for `pybase64==1\.5\.1`.*; the file isn't"),
        (
            f"docopt==0.6.2 --hash=sha256:{_DOCOPT}",
            r"docopt==0\.6\.2 has no usable wheels.*pin a version that has a wheel",
        ),
    ],
)
def test_a_package_that_cannot_be_vendored_is_named_with_the_python_and_the_remedy(
    tmp_path: Path, line: str, says: str
) -> None:
    lock = tmp_path / "my.lock"
    lock.write_text(line + "\n")
    with pytest.raises(SettingsError, match=says) as info:
        vendoring.packages([lock], RUNTIME, cache=tmp_path / "cache")
    beginning = f"the lock {str(lock)!r}, for Python 3.12 on x86_64-manylinux_2_28: "
    assert str(info.value).startswith(beginning)
    assert not list((tmp_path / "cache").iterdir())


def test_without_a_network_the_remedy_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    with pytest.raises(SettingsError, match=r"google-crc32c.*can't be reached: go online once"):
        vendoring.packages([HANDLER_LOCK], RUNTIME, cache=tmp_path / "cache")


def test_a_lock_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"my\.lock': No such file.*or None for no packages"):
        vendoring.packages([tmp_path / "my.lock"], RUNTIME, cache=tmp_path)


@pytest.mark.parametrize(
    ("container", "python", "platform"),
    [
        (Container(), "3.12", "x86_64-manylinux_2_28"),
        (Container(tag="2.12.1-gpu-py310-cu118-ubuntu20.04"), "3.10", "x86_64-manylinux_2_28"),
        (Container(image="1.dkr.ecr/mine:7", python="3.13"), "3.13", "x86_64-manylinux_2_28"),
        (
            Container(image="1.dkr.ecr/tensorflow-inference-arm64:2.19.0-cpu-py312"),
            "3.12",
            "aarch64-manylinux_2_28",
        ),
    ],
)
def test_the_image_says_which_python(container: Container, python: str, platform: str) -> None:
    assert image.runtime(container) == Runtime(python=python, platform=platform)


@pytest.mark.parametrize("python", [None, "python3", "2.7"])
def test_an_image_that_says_no_python_is_refused(python: str | None) -> None:
    with pytest.raises(SettingsError, match=r"Container\.python = .*my-own:7.*such as '3\.12'"):
        image.runtime(Container(image="my-own:7", python=python))


def test_a_list_that_the_container_would_install_is_refused(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("pillow\n")
    with pytest.raises(SettingsError, match=r"at every start.*requirements\.lock"):
        artifact_of(replace(DEMO, code=tmp_path))


def test_a_package_that_is_there_twice_is_refused(
    tmp_path: Path, caches: tuple[Path, Path]
) -> None:
    (tmp_path / "lib" / "pybase64").mkdir(parents=True)
    (tmp_path / "lib" / "pybase64" / "__init__.py").touch()
    with pytest.raises(SettingsError, match=r"also among the packages of requirements\.lock"):
        artifact_of(
            replace(DEMO, code=tmp_path),
            packages=vendoring.packages([HANDLER_LOCK], RUNTIME, cache=caches[0]),
        )


def test_tensorflow_is_not_imported_for_it() -> None:
    program = "import sys, tfbatch_cdk.model.sagemaker_model; sys.exit('tensorflow' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True, cwd=REPOSITORY)


def test_where_nothing_is_bundled_nothing_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sagemaker_model, "packages", None)
    context = json.loads((REPOSITORY / "cdk.json").read_text())["context"]
    app = App(outdir=str(tmp_path), context=context | {"aws:cdk:bundling-stacks": []})
    build(app, stage_named("dev"))
    assert app.synth().stacks
