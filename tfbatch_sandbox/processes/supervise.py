"""``python -m tfbatch_sandbox.processes.supervise PROGRAM ARG…``: ends it when its parent exits.

The program runs in this process's session, which ends with the parent.
"""

from __future__ import annotations

import subprocess
import sys

from tfbatch_sandbox.processes import supervision


def main() -> int:
    """Run the program and return its exit code."""
    supervision.hold()
    return subprocess.call(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
