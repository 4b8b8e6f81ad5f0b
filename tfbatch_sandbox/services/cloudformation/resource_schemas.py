"""Reads from CloudFormation's resource schemas which properties replace a resource.

The schemas are cfn-lint's data files. They are read in place, as importing cfn-lint takes seconds.
"""

from __future__ import annotations

import importlib.util
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    Location = tuple[str, ...]

_REGION = "us-east-1"


def requires_recreation(kind: str, locations: Iterable[Location]) -> str:
    """Whether a change at ``locations`` replaces the resource.

    Args:
        kind: the resource type, such as ``AWS::S3::Bucket``.
        locations: paths below ``Properties``; ``*`` stands for an item of a list.

    Returns:
        ``Always``, ``Conditionally`` or ``Never``.
    """
    changed = list(locations)
    for name, answer in (
        ("createOnlyProperties", "Always"),
        ("conditionalCreateOnlyProperties", "Conditionally"),
    ):
        pointers = [tuple(pointer.split("/")[2:]) for pointer in _schema(kind).get(name, ())]
        if any(_overlap(pointer, location) for pointer in pointers for location in changed):
            return answer
    return "Never"


def is_taggable(kind: str) -> bool:
    """Whether CloudFormation gives the stack's tags to resources of this type."""
    taggable: bool = _schema(kind).get("tagging", {}).get("taggable", False)
    return taggable


def _overlap(one: Location, other: Location) -> bool:
    return all(left == right for left, right in zip(one, other, strict=False))


@cache
def _schema(kind: str) -> dict[str, Any]:
    custom = kind.startswith("Custom::")
    digest = _providers().get("AWS::CloudFormation::CustomResource" if custom else kind)
    return _read(f"resources/{digest}.json") if digest else {}


@cache
def _providers() -> dict[str, str]:
    return _read(f"providers/{_REGION}.json")


def _read(name: str) -> dict[str, Any]:
    spec = importlib.util.find_spec("cfnlint")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("No module named 'cfnlint': install cfn-lint", name="cfnlint")
    path = Path(spec.origin).parent / "data" / "schemas" / name
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found
