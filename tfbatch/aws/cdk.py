"""Runs the CDK command line on the project's app."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tfbatch import project
from tfbatch.terminal import program
from tfbatch.terminal.problem import Problem

_CDK = Path("node_modules/.bin/cdk")


def run(*arguments: str, directory: Path, app: bool = True) -> None:
    """Run ``cdk`` with this process's AWS environment.

    Args:
        arguments: the command and its options.
        app: run it on the project's app. Without the app it is seconds faster.
        directory: gets the log, and the caches that two runs can't share.

    Raises:
        tfbatch.terminal.program.CommandError: it failed.
        Problem: there is no project, or its packages aren't installed.
    """
    root = project.directory()
    if not (root / _CDK).exists():
        raise Problem(f"There is no {root / _CDK}: run 'make install' in the project.")
    # Use this environment's Python and Node.js, even if it isn't activated.
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    program.run(
        [str(root / _CDK), *arguments, "--no-notices"],
        log=directory / f"cdk-{arguments[0]}.log",
        cwd=root if app else directory,
        environment=os.environ
        | {
            "PATH": path,
            "CDK_HOME": str(directory / "cdk-home"),
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            "CDK_DISABLE_VERSION_CHECK": "true",
            "CDK_VALIDATION": "false",  # the CDK's check of templates takes half of a synthesis
        },
    )
