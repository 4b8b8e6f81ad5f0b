"""Synthesizes checkouts of this app, one after another, in a process of its own.

Run it by its path, never import it: ``python -P synthesizer.py JOBS.json``. A review runs each
checkout's own command. Starting the CDK takes seconds and a stage half a second, so that the golden
pull requests are made by this one process.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import os
import sys
import tomllib
from pathlib import Path
from typing import Any

_CONTEXT = {
    "nag": "true",
    "aws:cdk:enable-path-metadata": True,
    "aws:cdk:disable-stack-trace": True,
}
"""The AWS Solutions checks, and each resource's construct path, as the CDK's command line adds; no
traces of generated code, as in ``app.py``."""


def main(jobs: Path) -> None:
    """Do every job of a list: ``{"root", "output", "stages"}``."""
    for job in json.loads(jobs.read_text()):
        root, output = Path(job["root"]), Path(job["output"])
        _enter(root)
        _synthesize(root, output, job["stages"])
        _leave(root)


def _enter(root: Path) -> None:
    """Import from a checkout: from its folder, and from those of its editable install."""
    os.chdir(root)
    tools = tomllib.loads((root / "pyproject.toml").read_text()).get("tool", {})
    folders = tools.get("hatch", {}).get("build", {}).get("dev-mode-dirs", ["."])
    sys.path[:0] = [str(root / folder) for folder in folders]


def _leave(root: Path) -> None:
    """Unload everything that was imported from a checkout."""
    sys.path[:] = [one for one in sys.path if not Path(one).is_relative_to(root)]
    for name, module in list(sys.modules.items()):
        if (getattr(module, "__file__", None) or "").startswith(f"{root}{os.sep}"):
            del sys.modules[name]
    importlib.invalidate_caches()


def _synthesize(root: Path, output: Path, wanted: list[str] | None) -> list[str]:
    """Write each stage's cloud assembly and settings to a folder of its name."""
    from aws_cdk import App  # noqa: PLC0415 # after the checkout is on the path

    build = importlib.import_module("app").build
    stages = _stages(root)
    context = json.loads((root / "cdk.json").read_text())["context"]
    chosen = [stage for stage in stages if wanted is None or stage.name in wanted]
    for stage in chosen:
        folder = output / stage.name
        app = App(outdir=str(folder), context={**context, **_CONTEXT, "stage": stage.name})
        build(app, stage)
        try:
            app.synth()
        except RuntimeError:
            # The findings are part of the review, and the assembly is complete.
            if not _has_findings(folder / "validation-report.json"):
                raise
        (folder / "settings.json").write_text(_settings(stage, root))
    return [stage.name for stage in chosen]


def _stages(root: Path) -> Any:  # noqa: ANN401 # the checkout's own dataclasses
    """The checkout's stages. Older checkouts have them in the settings."""
    name = "stages" if (root / "stacks" / "stages.py").is_file() else "settings"
    return importlib.import_module(f"stacks.{name}").STAGES


def _has_findings(report: Path) -> bool:
    """Whether the checks ended the synthesis, after everything was written."""
    return report.is_file() and bool(json.loads(report.read_text())["pluginReports"])


def _settings(stage: Any, root: Path) -> str:  # noqa: ANN401 # the checkout's own dataclass
    """A stage's settings as JSON, with relative paths."""

    def plain(value: object) -> object:
        inside = isinstance(value, Path) and value.is_relative_to(root)
        return str(value.relative_to(root)) if inside else str(value)  # type: ignore[attr-defined]

    return json.dumps(dataclasses.asdict(stage), default=plain, indent=1)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
