"""Runs cfn-lint on templates as they are written.

Run by its path, never imported: ``python -P linter.py CACHE``, with the synthesizer's lines on its
standard input. cfn-lint takes seconds to import, in which the synthesizer has not yet made any.
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
"""An asset's: no finding depends on it."""


def main(cache: Path) -> None:
    """Lint each template, an equal one only once."""
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
    """A digest of what the findings depend on, beside cfn-lint itself."""
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
