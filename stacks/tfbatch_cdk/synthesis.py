"""Settings of Python and Node.js for a synthesis: a short process with many objects that stay."""

from __future__ import annotations

import gc
import os
from pathlib import Path

_FLAGS = Path(__file__).with_suffix(".cjs")


def quicken() -> None:
    """Shorten a synthesis. To be called before ``aws_cdk`` is imported, which starts Node.js.

    Source of the options: Node.js, "Command-line API"; all of its versions that the CDK runs on
    take them.
    """
    gc.disable()  # the CDK's classes are many and stay
    options = f'--max-semi-space-size=64 --require "{_FLAGS.as_posix()}"'
    os.environ["NODE_OPTIONS"] = f"{options} {os.environ.get('NODE_OPTIONS', '')}".rstrip()
