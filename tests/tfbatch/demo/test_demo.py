"""The demo as a person runs it: a process that ends well, or is interrupted and leaves nothing."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

import pytest

from tests.paths import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Iterator

STOPPING_SECONDS = 15.0

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/environ").exists(), reason="looks for processes in /proc"
)


@contextmanager
def started(directory: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Start a command of tfbatch; all that it starts, and they start, has ``directory`` in it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tfbatch", *arguments],
        env=os.environ | {"TMPDIR": str(directory), "PYTHONUNBUFFERED": "1"},
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()  # where a test has failed; the rest then ends by itself


def read_until(process: subprocess.Popen[str], word: str) -> str:
    """Read what a command says, up to a line with ``word`` in it."""
    said = ""
    for line in cast("IO[str]", process.stdout):
        said += line
        if word in line:
            return said
    raise AssertionError(f"ended with {process.wait()} before it said {word!r}:\n{said}")


def aws(environment: dict[str, str], *arguments: str) -> str:
    """Run the AWS command line and return what it says."""
    return subprocess.run(
        [Path(sys.executable).with_name("aws"), *arguments],
        env=os.environ | environment,
        capture_output=True,
        check=True,
        text=True,
    ).stdout


def left_of(directory: Path) -> list[str]:
    """Return the command lines of processes that have ``directory`` as argument or variable."""
    mark, left = str(directory).encode(), []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
            if mark in command or mark in (process / "environ").read_bytes():
                left.append(command.replace(b"\0", b" ").decode(errors="replace"))
        except OSError:  # it ended meanwhile
            continue
    return left


def assert_nothing_is_left(directory: Path) -> None:
    """Wait until no process of a command is left, and see that its files are gone too."""
    deadline = time.monotonic() + STOPPING_SECONDS
    while left_of(directory) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left_of(directory) == []
    assert list(directory.glob("tfbatch-*")) == []


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int, str]:
    """The demo run to its end: its directory, its exit code and what it said."""
    directory = tmp_path_factory.mktemp("demo")
    with started(directory, "demo", "--output", str(directory / "demo-output")) as process:
        said, _ = process.communicate(timeout=280)
    return directory, process.returncode, said


def test_the_demo_succeeds_and_leaves_nothing_behind(finished: tuple[Path, int, str]) -> None:
    directory, code, said = finished
    assert code == 0, said
    assert_nothing_is_left(directory)
    assert "Both runs agree on all 12 photographs, and the cat is a cat." in said


def test_the_demo_shows_every_photograph(finished: tuple[Path, int, str]) -> None:
    _, _, said = finished
    rows = re.findall(r"^ ([\w-]+\.jpg) +(\S.*?) +([\d.]+)% +same *$", said, re.MULTILINE)
    assert len(rows) == 12, said
    assert rows[0][0] == "cat.jpg"


def test_the_demo_counts_every_record(finished: tuple[Path, int, str]) -> None:
    _, _, said = finished
    for job in ("JPEG objects", "TFRecord files"):
        assert re.search(rf"{job}: 12 of 12 records · [\d.]+ records/s", said), said


def test_the_outputs_can_be_opened_when_the_sandbox_is_gone(
    finished: tuple[Path, int, str],
) -> None:
    directory, _, _ = finished
    outputs = directory / "demo-output"
    assert len(list((outputs / "jpeg").glob("*.jpg.out"))) == 12
    assert sum(len(f.read_text().splitlines()) for f in (outputs / "tfrecord").iterdir()) == 12


@pytest.mark.parametrize(
    ("moment", "number"),
    [
        pytest.param("Sandbox", signal.SIGINT, id="Ctrl-C during cdk bootstrap"),
        pytest.param("starting the container", signal.SIGTERM, id="SIGTERM during the jobs"),
    ],
)
def test_an_interrupted_demo_leaves_nothing_behind(
    tmp_path: Path, moment: str, number: signal.Signals
) -> None:
    with started(tmp_path, "demo") as process:
        read_until(process, moment)
        assert len(left_of(tmp_path)) > 1
        time.sleep(1.0)  # into whatever comes next
        process.send_signal(number)
        said, _ = process.communicate(timeout=STOPPING_SECONDS)
    assert process.returncode == 130, said
    assert "Traceback" not in said
    assert_nothing_is_left(tmp_path)


def test_the_sandbox_stays_up_for_the_aws_command_line_until_ctrl_c(tmp_path: Path) -> None:
    with started(tmp_path, "sandbox", "run") as process:
        said = read_until(process, "until Ctrl-C")
        exports = dict(re.findall(r"^export (\w+)=(\S+)$", said, re.MULTILINE))
        aws(exports, "s3", "mb", "s3://made-by-hand")
        listed = aws(exports, "s3", "ls")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=STOPPING_SECONDS)
    assert "made-by-hand" in listed
    assert process.returncode == 130
    assert_nothing_is_left(tmp_path)
