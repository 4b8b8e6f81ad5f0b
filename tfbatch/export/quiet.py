"""Hides TensorFlow's messages at start."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tfbatch.terminal.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

_STDERR = 2


@contextmanager
def quiet() -> Iterator[None]:
    """Hold standard error back, and show it if an exception ends the block.

    TensorFlow's C++ code writes to the file descriptor before its settings apply, so the descriptor
    is redirected.
    """
    sys.stderr.flush()
    kept = os.dup(_STDERR)
    with tempfile.TemporaryFile("w+b") as held:
        os.dup2(held.fileno(), _STDERR)
        try:
            yield
        except Problem:  # says what is wrong, without TensorFlow's messages
            raise
        except BaseException:
            held.seek(0)
            with open(kept, "wb", closefd=False) as terminal:
                shutil.copyfileobj(held, terminal)
            raise
        finally:
            sys.stderr.flush()
            os.dup2(kept, _STDERR)
            os.close(kept)
