"""Exports the tests' SavedModels once for each TensorFlow."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import os
import subprocess
import sys
import tempfile
from pathlib import Path

PROGRAM = Path(__file__).with_name("export_models.py")


def exported(root: Path) -> Path:
    """The folder with ``image/1``, ``vector/1`` and ``/2``, ``examples/1``.

    Args:
        root: the repository, whose ``.cache`` keeps them.
    """
    version = importlib.metadata.version("tensorflow")
    key = hashlib.sha256(PROGRAM.read_bytes() + version.encode()).hexdigest()[:16]
    folder = root / ".cache" / "saved_models" / key
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=folder.parent))
        subprocess.run(
            [sys.executable, str(PROGRAM), str(made)],
            check=True,
            timeout=240,
            env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        )
        with contextlib.suppress(OSError):  # another process was quicker
            made.rename(folder)
    return folder
