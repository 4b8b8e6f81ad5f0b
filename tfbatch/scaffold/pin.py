"""The requirement that a project's ``pyproject.toml`` has for this version of tfbatch."""

from __future__ import annotations

import json
from importlib.metadata import distribution

_EXTRA = "tfbatch[all]"


def requirement() -> str:
    """``tfbatch[all]`` at this version, or from where it was installed if that is no index.

    Source: PEP 610; installers write ``direct_url.json`` for a file, a folder or a repository.
    """
    installed = distribution("tfbatch")
    text = installed.read_text("direct_url.json")
    if text is None:
        return f"{_EXTRA}=={installed.version}"
    origin = json.loads(text)
    url = origin["url"]
    if "vcs_info" in origin:
        version_control = origin["vcs_info"]
        url = f"{version_control['vcs']}+{url}@{version_control['commit_id']}"
    return f"{_EXTRA} @ {url}"
