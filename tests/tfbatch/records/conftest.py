"""Photographs on disk, the command as a person calls it, and an S3 to talk to."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Protocol

import pytest

from tfbatch.demo import photos
from tfbatch_sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Command(Protocol):
    def __call__(self, *arguments: object, code: int = 0) -> str: ...


@pytest.fixture(scope="session")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of twelve JPEG files."""
    return photos.collect(tmp_path_factory.mktemp("photos")).directory / "photos"


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox.start(state_dir=tmp_path_factory.mktemp("sandbox")) as sandbox:
        yield sandbox


def tfbatch(
    *arguments: object, code: int = 0, environment: dict[str, str] | None = None, both: bool = False
) -> str:
    """Run the command; give its stdout, or what it says on both."""
    done = subprocess.run(
        [sys.executable, "-m", "tfbatch", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | (environment or {}),
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + (done.stderr if both else "")
