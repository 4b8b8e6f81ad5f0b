from __future__ import annotations

import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import boto3

from stacks.settings import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

FUNCTIONS = REPOSITORY / "functions"


def test_the_folder_alone_is_all_that_the_functions_need(tmp_path: Path) -> None:
    """As a zip, imported by a Python that knows boto3 and nothing of this project."""
    archive = tmp_path / "functions.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        for path in sorted(FUNCTIONS.rglob("*.py")):
            zipped.write(path, path.relative_to(FUNCTIONS))
    program = (
        "import sys, pathlib; "
        f"sys.path[:0] = [{str(archive)!r}]; "
        f"sys.path.append({str(next(iter(boto3.__path__)))!r} + '/..'); "
        "import plan, reconcile, summarize; "
        "print(all(callable(m.handler) for m in (plan, reconcile, summarize)), "
        "sorted({'stacks', 'sandbox', 'tfbatch', 'tfbatch_handler'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "True []\n", done.stderr
