"""Keeps a program that is not ours from outliving us: ``python -m tfbatch.leash PROGRAM ARG…``.

The program runs in this process's session, and the session ends with whoever spawned it.
"""

from __future__ import annotations

import subprocess
import sys

from sandbox import lifeline


def main() -> int:
    """Run the program to its end and pass on its exit code."""
    lifeline.hold()
    return subprocess.call(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
