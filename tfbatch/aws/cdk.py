"""Runs the CDK command line on this repository's app."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tfbatch.terminal import program

REPOSITORY = Path(__file__).resolve().parents[2]
_CDK = REPOSITORY / "node_modules/.bin/cdk"


def run(*arguments: str, directory: Path, app: bool = True) -> None:
    """Run ``cdk`` for the account that this process's environment names, to its end.

    Args:
        arguments: of the command line, the CDK's own command first.
        app: run it on this repository's app; a command that needs none is seconds faster without.
        directory: gets the log, and the caches that two runs at once must not share.

    Raises:
        tfbatch.terminal.program.CommandError: it failed.
    """
    # Python and Node.js are those of this environment, also where it is not activated.
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    program.run(
        [str(_CDK), *arguments, "--no-notices"],
        log=directory / f"cdk-{arguments[0]}.log",
        cwd=REPOSITORY if app else directory,
        environment=os.environ
        | {
            "PATH": path,
            "CDK_HOME": str(directory / "cdk-home"),
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            "CDK_DISABLE_VERSION_CHECK": "true",
        },
    )
