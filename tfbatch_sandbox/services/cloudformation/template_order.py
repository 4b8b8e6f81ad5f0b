"""The order in which a template's resources can be made: each after those that it refers to."""

from __future__ import annotations

import re
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tfbatch_sandbox.services.json_type import Json

_SUBSTITUTION = re.compile(r"\$\{([^!}.]+)[^}]*\}")


def creation_order(resources: Mapping[str, Any]) -> list[str]:
    """Logical ids, each after those of the resources that it depends on.

    Args:
        resources: the template's ``Resources``.

    Raises:
        graphlib.CycleError: resources depend on each other.
    """
    graph = {
        logical_id: [name for name in _names(resource) if name in resources and name != logical_id]
        for logical_id, resource in resources.items()
    }
    return list(TopologicalSorter(graph).static_order())


def _names(value: Json) -> Iterator[str]:
    """Whatever ``value`` refers to: resources, parameters and pseudo parameters alike."""
    if isinstance(value, list):
        for item in value:
            yield from _names(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _referred(key, item)
            yield from _names(item)


def _referred(key: str, item: Json) -> Iterator[str]:
    if key == "Ref" and isinstance(item, str):
        yield item
    elif key == "Fn::GetAtt":
        yield item.partition(".")[0] if isinstance(item, str) else item[0]
    elif key == "DependsOn":
        yield from [item] if isinstance(item, str) else item
    elif key == "Fn::Sub":
        yield from _SUBSTITUTION.findall(item if isinstance(item, str) else item[0])
