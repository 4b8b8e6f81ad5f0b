"""The exit codes of ``tfbatch``. docs/cli.md lists them."""

from __future__ import annotations

OK = 0
"""The command succeeded."""

FAILED = 1
"""The command failed. The last line on stderr says why and what to do."""

USAGE = 2
"""The command line is wrong."""

ATTENTION = 3
"""The command succeeded, and something needs a person: a run with exceptions, a review with
findings, a warning of ``doctor``."""

DESTRUCTIVE = 4
"""A review found a change that loses data."""

INTERRUPTED = 130
"""Ctrl-C or SIGTERM ended it."""
