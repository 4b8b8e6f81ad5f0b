"""Sets the AWS endpoint and credentials of this process and its children."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def point_at(environment: Mapping[str, str]) -> None:
    """Replace all ``AWS_…`` variables of this process.

    A profile, a session token or an endpoint of the caller would send some requests elsewhere.
    """
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(environment)


def export_lines(environment: Mapping[str, str]) -> str:
    """Return the shell commands that point a terminal to this AWS."""
    stale = [name for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN") if name in os.environ]
    unset = [f"unset {' '.join(stale)}"] if stale else []
    exports = [f"export {name}={shlex.quote(value)}" for name, value in environment.items()]
    return "\n".join(unset + exports)
