"""Runs cfn-lint on templates as they are written.

Run it by its path, never import it: ``python -P linter.py CACHE``, with the synthesizer's lines on
standard input. It imports cfn-lint, which takes seconds, while the synthesizer starts.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from pathlib import Path

from cfnlint.api import ManualArgs, lint  # type: ignore[import-untyped]

_REGION = "us-east-1"
_HASH = re.compile(rb"[0-9a-f]{64}")
"""The hash of an asset, which no finding depends on."""


def main(cache: Path) -> None:
    """Lint each template; equal ones once."""
    cache.mkdir(parents=True, exist_ok=True)
    for line in sys.stdin:
        root, template = (Path(part) for part in line.rstrip("\n").split("\t"))
        os.chdir(root)  # where cfn-lint looks for the checkout's own configuration
        known = cache / f"{_key(root, template)}.json"
        if not known.is_file():
            known.write_text(json.dumps(_findings(template.read_text())))
        beside = template.with_name(template.name.replace(".template.", ".lint."))
        beside.write_text(known.read_text())


def _key(root: Path, template: Path) -> str:
    """Digest of what the findings depend on, besides cfn-lint."""
    configuration = root / ".cfnlintrc.yaml"
    settings = configuration.read_bytes() if configuration.is_file() else b""
    return hashlib.sha256(_HASH.sub(b"", template.read_bytes()) + settings).hexdigest()


def _findings(template: str) -> list[dict[str, str]]:
    return [
        {
            "rule": match.rule.id,
            "message": match.message,
            "path": "/".join(str(part) for part in match.path or ()),
        }
        for match in lint(template, config=ManualArgs(regions=[_REGION]))
    ]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
