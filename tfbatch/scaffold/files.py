"""The files of a project: this library's own top-level files, and two templates.

A wheel has the top-level files in ``tfbatch/scaffold/project`` (``pyproject.toml`` lists them for
hatchling). A checkout has them at its root.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from tfbatch.scaffold import stages
from tfbatch.scaffold.pin import requirement
from tfbatch_cdk.model.artifact import entry_point

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfbatch.scaffold.stages import OwnModel

SHARED = (
    ".github/workflows/infra-review-accept.yml",
    ".github/workflows/infra-review-comment.yml",
    ".github/workflows/infra-review.yml",
    ".gitignore",
    "Makefile",
    "app.py",
    "cdk.json",
    "model_code/inference.py",
    "package-lock.json",
    "package.json",
    "requirements/installer.lock",
    "stacks/__init__.py",
    "stacks/data_stack.py",
    "stacks/inference_stack.py",
    "stacks/stages.py",
    "tests/test_project.py",
)
"""Paths of the files that a project shares with the library's repository."""

TEMPLATES = ("README.md", "pyproject.toml")
"""Files that name the project, in ``templates/``."""

STAGES = "stacks/stages.py"
_ENTRY_POINT = "model_code/inference.py"
_HERE = Path(__file__).parent
_WHEEL, _CHECKOUT = _HERE / "project", _HERE.parents[1]


def render(*, name: str, model: OwnModel | None) -> dict[str, str]:
    """The contents of a new project's files, by path.

    Args:
        name: of the project.
        model: what the stages serve; ``None``: the demo's model.
    """
    root = _WHEEL if _WHEEL.is_dir() else _CHECKOUT
    sources = {path: root / path for path in SHARED} | {_ENTRY_POINT: entry_point()}
    texts = {path: source.read_text(encoding="utf-8") for path, source in sources.items()}
    if model is not None:
        texts[STAGES] = stages.with_model(texts[STAGES], model)
    values = {"name": name, "pin": requirement()}
    for path in TEMPLATES:
        template = Template((_HERE / "templates" / f"{path}.template").read_text(encoding="utf-8"))
        texts[path] = template.substitute(values)
    return texts


def digests(texts: Mapping[str, str]) -> dict[str, str]:
    """SHA-256 of each file, to find out later which ones their owner changed."""
    return {path: digest(text) for path, text in sorted(texts.items())}


def digest(text: str) -> str:
    """SHA-256 of a text, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()
