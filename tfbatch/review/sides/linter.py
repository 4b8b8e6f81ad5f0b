"""Runs cfn-lint on templates.

Run it by its path, never import it: ``python -P linter.py CACHE``, with a JSON list of templates
on standard input. It prints a list of findings for each. It imports cfn-lint, which takes seconds,
only if a template isn't in the cache.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

_REGION = "us-east-1"
_HASH = re.compile(rb"[0-9a-f]{64}")
"""The hash of an asset, which no finding depends on."""
_CONFIGURATION = Path(".cfnlintrc.yaml")


def main(cache: Path) -> None:
    """Lint each template; equal ones once."""
    cache.mkdir(parents=True, exist_ok=True)
    print(json.dumps([_cached(Path(name), cache) for name in json.load(sys.stdin)]))  # noqa: T201


def _cached(template: Path, cache: Path) -> Any:  # noqa: ANN401 # JSON
    known = cache / f"{_key(template)}.json"
    if not known.is_file():
        known.write_text(json.dumps(_findings(template.read_text())))
    return json.loads(known.read_text())


def _key(template: Path) -> str:
    """Digest of what the findings depend on."""
    settings = _CONFIGURATION.read_bytes() if _CONFIGURATION.is_file() else b""
    contents = _HASH.sub(b"", template.read_bytes())
    return hashlib.sha256(contents + settings + version("cfn-lint").encode()).hexdigest()


def _findings(template: str) -> list[dict[str, str]]:
    from cfnlint.api import ManualArgs, lint  # type: ignore[import-untyped] # noqa: PLC0415 # slow

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
