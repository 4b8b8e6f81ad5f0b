"""Runs this package's Node.js programs, with the libraries of the project's ``node_modules``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfbatch.review.errors import ReviewError

if TYPE_CHECKING:
    from collections.abc import Sequence

_SECONDS = 120
_LAST_CHARACTERS = 1000


def run(program: Path, values: Sequence[Any]) -> Any:  # noqa: ANN401 # the program's own JSON
    """Give a program a JSON list on standard input, and return the JSON that it prints.

    The program finds its libraries in ``node_modules`` of the working directory or a folder above
    it, and else beside this package.

    Raises:
        ReviewError: Node.js or a library is missing, or the program failed.
    """
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    try:
        done = subprocess.run(
            ["node", str(program)],
            input=json.dumps(values),
            env=os.environ | {"PATH": path},
            capture_output=True,
            check=False,
            text=True,
            timeout=_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ReviewError(f"node can't run {program.name}: {error}") from error
    if done.returncode:
        raise ReviewError(
            f"node can't run {program.name}. If a library is missing, run `npm ci` where "
            f"package.json lies.\n{done.stderr[-_LAST_CHARACTERS:]}"
        )
    return json.loads(done.stdout)
