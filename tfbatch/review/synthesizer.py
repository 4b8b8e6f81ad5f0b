"""Synthesizes checkouts of this app, one after another, in the process of its own it is run as.

Run by its path, never imported: ``python -P synthesizer.py JOBS.json``. It must not import anything
of this repository but what the checkout at hand holds. Starting the CDK takes seconds, a stage
half of one, so that one process does all stages, and many checkouts where it is given many.
"""

from __future__ import annotations

import dataclasses
import hashlib
import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any

_REGION = "us-east-1"
_MODEL_CODE = "model_code"
_CONTEXT = {"nag": "true", "aws:cdk:enable-path-metadata": True}
"""The AWS Solutions checks, and each resource's construct path, as the CDK's command line adds."""


def main(jobs: Path) -> None:
    """Do every job of a list: ``{"root", "output", "stages", "lint_cache"}``."""
    for job in json.loads(jobs.read_text()):
        root, output = Path(job["root"]), Path(job["output"])
        _enter(root)
        try:
            stages = _synthesize(root, output, job["stages"])
            for stage in stages:
                _lint(output / stage, Path(job["lint_cache"]), root)
            (output / "stages.json").write_text(json.dumps(stages))
        finally:
            _leave(root)


def _enter(root: Path) -> None:
    os.chdir(root)
    sys.path[:0] = [str(root), str(root / _MODEL_CODE)]


def _leave(root: Path) -> None:
    """Forget everything that was imported from a checkout, so that the next brings its own."""
    del sys.path[:2]
    for name, module in list(sys.modules.items()):
        if (getattr(module, "__file__", None) or "").startswith(f"{root}{os.sep}"):
            del sys.modules[name]
    importlib.invalidate_caches()


def _synthesize(root: Path, output: Path, wanted: list[str] | None) -> list[str]:
    """Write each stage's cloud assembly to a folder of its name, and beside it its settings."""
    from aws_cdk import App  # noqa: PLC0415

    build = importlib.import_module("app").build
    stages = importlib.import_module("stacks.settings").STAGES
    context = json.loads((root / "cdk.json").read_text())["context"]
    chosen = [stage for stage in stages if wanted is None or stage.name in wanted]
    for stage in chosen:
        folder = output / stage.name
        app = App(outdir=str(folder), context={**context, **_CONTEXT, "stage": stage.name})
        build(app, stage)
        try:
            app.synth()
        except RuntimeError as error:
            # The checks' findings are part of the review; the assembly is whole with them too.
            if "Validation failed" not in str(error):
                raise
        (folder / "settings.json").write_text(_settings(stage, root))
    return [stage.name for stage in chosen]


def _settings(stage: Any, root: Path) -> str:  # noqa: ANN401 # the checkout's own dataclass
    """A stage's settings as JSON, paths relative to the checkout."""

    def plain(value: object) -> object:
        inside = isinstance(value, Path) and value.is_relative_to(root)
        return str(value.relative_to(root)) if inside else str(value)  # type: ignore[attr-defined]

    return json.dumps(dataclasses.asdict(stage), default=plain, indent=1)


def _lint(assembly: Path, cache: Path, root: Path) -> None:
    """Write cfn-lint's findings of each template beside it, those of an equal one from the cache."""
    cache.mkdir(parents=True, exist_ok=True)
    for template in sorted(assembly.glob("*.template.json")):
        known = cache / f"{hashlib.sha256(_lint_key(template, root)).hexdigest()}.json"
        if not known.is_file():
            known.write_text(json.dumps(_findings(template.read_text())))
        template.with_name(template.name.replace(".template.", ".lint.")).write_text(
            known.read_text()
        )


def _lint_key(template: Path, root: Path) -> bytes:
    """What the findings depend on, beside cfn-lint itself: the template and the configuration."""
    settings = root / ".cfnlintrc.yaml"
    return template.read_bytes() + (settings.read_bytes() if settings.is_file() else b"")


def _findings(template: str) -> list[dict[str, str]]:
    from cfnlint.api import ManualArgs, lint  # noqa: PLC0415 # seconds, and seldom needed

    found = lint(template, config=ManualArgs(regions=[_REGION]))
    return [
        {
            "rule": match.rule.id,
            "message": match.message,
            "path": "/".join(str(part) for part in match.path or ()),
        }
        for match in found
    ]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
