"""Prints the stages of a project and their settings as JSON.

Run it by its path in the project's folder, never import it: ``python stage_names.py``. It runs the
project's ``stacks/stages.py``.
"""

from __future__ import annotations

import dataclasses
import json
import os
import runpy
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    """Write the names and settings to the original standard output."""
    found = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the project prints is no part of the answer
    stages = runpy.run_path(str(Path("stacks", "stages.py")))["STAGES"]
    json.dump({stage.name: json.loads(_settings(stage)) for stage in stages}, found)
    found.flush()


def _settings(stage: Any) -> str:  # noqa: ANN401 # the project's own dataclass
    """A stage's settings as JSON, with relative paths."""

    def plain(value: object) -> object:
        inside = isinstance(value, Path) and value.is_relative_to(Path.cwd())
        return str(value.relative_to(Path.cwd())) if inside else str(value)  # type: ignore[attr-defined]

    return json.dumps(dataclasses.asdict(stage), default=plain)


if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))
    main()
