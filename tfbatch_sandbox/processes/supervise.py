"""``python -m tfbatch_sandbox.processes.supervise PROGRAM ARG…``: ends it when its parent exits.

The program runs in this process's session, and the session ends with whoever spawned it.
"""

from __future__ import annotations

import subprocess
import sys

from tfbatch_sandbox.processes import supervision


def main() -> int:
    """Run the program to its end and pass on its exit code."""
    supervision.hold()
    return subprocess.call(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
