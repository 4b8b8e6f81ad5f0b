"""The environment of reviewed code: without credentials, and with a home of its own."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_CREDENTIAL = re.compile(
    r"(^|_)(TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?|AUTH|COOKIE|SESSION|PRIVATE)(_|$)"
    r"|KEY(_ID)?$|^(AWS|CDK|GITHUB|ACTIONS|RUNNER|CI_JOB|BITBUCKET|AZURE|GOOGLE|GCP)_|^SSH_|^GPG_",
    re.IGNORECASE,
)
_IN_A_URL = re.compile(r"://[^/@\s]+:[^/@\s]+@")


def without_credentials(temporary: Path) -> dict[str, str]:
    """The variables of this process without everything that looks like a credential.

    It doesn't keep a program from reading files of the user it runs as: only a machine without
    credentials does that, such as a CI job without secrets.

    Args:
        temporary: a folder for temporary files, and the home folder. jsii and the CDK leave
            temporary folders behind when they are killed.
    """
    kept = {name: value for name, value in os.environ.items() if not _is_credential(name, value)}
    path = os.pathsep.join((str(Path(sys.executable).parent), kept.get("PATH", "")))
    return {
        **_caches(kept),
        **kept,
        "PATH": path,
        "HOME": str(temporary),
        "TMPDIR": str(temporary),
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _is_credential(name: str, value: str) -> bool:
    return bool(_CREDENTIAL.search(name) or _IN_A_URL.search(value))


def _caches(environment: Mapping[str, str]) -> dict[str, str]:
    """Where jsii and uv keep downloads, which they look for in the home folder."""
    caches = Path(environment.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return {
        "XDG_CACHE_HOME": str(caches),
        "UV_CACHE_DIR": str(caches / "uv"),
        "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(caches / "aws" / "jsii" / "package-cache"),
    }
