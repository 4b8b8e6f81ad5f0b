"""A review leaves no temporary folder and no process behind, also when it is stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from tfbatch.review.errors import ReviewError
from tfbatch.review.sides import programs, synthesis

if TYPE_CHECKING:
    from pathlib import Path

SYNTHESIZER = """\
import os, pathlib, subprocess, sys, tempfile, time
folder = tempfile.mkdtemp(prefix="left-")
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
pathlib.Path(os.environ["SEEN"]).write_text(f"{child.pid}\\n{folder}")
HOW
"""


def is_running(pid: int) -> bool:
    done = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, check=False, text=True
    )
    return bool(done.stdout.strip()) and not done.stdout.startswith("Z")


@pytest.mark.parametrize("how", ["sys.exit(1)", "os.kill(os.getpid(), 9)", "time.sleep(60)"])
def test_a_review_that_is_stopped_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    temporary, seen, program = tmp_path / "tmp", tmp_path / "seen", tmp_path / "program.py"
    temporary.mkdir()
    program.write_text(SYNTHESIZER.replace("HOW", how))
    monkeypatch.setenv("SEEN", str(seen))
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    (tmp_path / "cdk.json").write_text(json.dumps({"app": f"{sys.executable} {program}"}))

    def interrupt() -> None:
        while not (seen.is_file() and "\n" in seen.read_text()):
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    if "sleep" in how:
        threading.Thread(target=interrupt, daemon=True).start()
    job = programs.Job(root=tmp_path, output=tmp_path / "out")
    with pytest.raises((ReviewError, KeyboardInterrupt)):
        programs.run([job], cache=tmp_path)
    pid, folder = seen.read_text().splitlines()
    assert folder.startswith(str(temporary))
    assert not list(temporary.iterdir())
    deadline = time.monotonic() + 5
    while is_running(int(pid)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(int(pid))


def test_the_cache_forgets_what_a_killed_review_left_unfinished(tmp_path: Path) -> None:
    for name, age in (("making-old", 2 * 86_400), ("making-now", 0)):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    synthesis.clean(tmp_path, kept=1)
    assert [path.name for path in tmp_path.iterdir()] == ["making-now"]


def test_the_cache_keeps_the_environments_that_were_used_last(tmp_path: Path) -> None:
    for age in range(6):
        folder = tmp_path / f"environment-{age}"
        folder.mkdir()
        os.utime(folder, (time.time() - age,) * 2)
    synthesis.clean(tmp_path, kept=1)
    assert {path.name for path in tmp_path.iterdir()} == {f"environment-{n}" for n in range(4)}
