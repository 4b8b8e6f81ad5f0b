"""Reads the properties that a change set says will change, with their values when deployed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from tfbatch.review.compare.cloudformation import PROPERTIES, RESOURCES, Difference
from tfbatch.review.compare.differences import ABSENT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_cloudformation.type_defs import (
        ResourceChangeDetailTypeDef,
        ResourceChangeTypeDef,
        ResourceTargetDefinitionTypeDef,
    )

_UNKNOWN: Final = "KNOWN_AFTER_APPLY"
"""CloudFormation's text for a value that only the deployment gives."""
_MASKED: Final = "****"
"""Its text for a value that nobody should see."""


def recreates(detail: ResourceChangeDetailTypeDef) -> bool:
    """Whether a change of this property replaces the resource, or may."""
    return detail.get("Target", {}).get("RequiresRecreation", "Conditionally") != "Never"


def differences(stack: str, change: ResourceChangeTypeDef) -> Iterator[Difference]:
    """The properties whose values change, as differences that an update in place makes."""
    for detail in change.get("Details", []):
        target = detail.get("Target", {})
        if target.get("Attribute") != PROPERTIES:
            continue
        old, new = (_value(target.get("BeforeValue")), _value(target.get("AfterValue")))
        if old != new and not any(word in f"{old} {new}" for word in (_UNKNOWN, _MASKED)):
            name, inner = _place(target)
            yield Difference(
                stack=stack,
                section=RESOURCES,
                id=change["LogicalResourceId"],
                name=f"{PROPERTIES}.{name}",
                old=_inside(old, inner),
                new=_inside(new, inner),
                impact="WILL_UPDATE",
                causes="WILL_UPDATE",
            )


def _place(target: ResourceTargetDefinitionTypeDef) -> tuple[str, list[str]]:
    """A property, and the names below it: ``/Properties/A/B`` is ``A`` and ``B``."""
    _, _, path = target.get("Path", "").partition(f"/{PROPERTIES}/")
    name, *inner = path.split("/") if path else [target.get("Name", "")]
    return name, inner


def _value(text: str | None) -> Any:  # noqa: ANN401 # any value of a template
    """A value from its text, which is JSON for objects and lists."""
    if text is None:
        return ABSENT
    if text[:1] not in ("{", "["):
        return text
    try:
        return json.loads(text)
    except ValueError:  # CloudFormation cuts long ones
        return text


def _inside(value: Any, names: list[str]) -> Any:  # noqa: ANN401 # any value of a template
    if value is ABSENT:
        return value
    for name in reversed(names):
        value = {name: value}
    return value
