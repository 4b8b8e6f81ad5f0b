"""Finds the references between a template's resources, and the order to create them in."""

from __future__ import annotations

import re
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tfbatch_sandbox.services.json_type import Json

_SUBSTITUTION = re.compile(r"\$\{([^!}.]+)(?:\.([^}]+))?\}")


def creation_order(resources: Mapping[str, Any]) -> list[str]:
    """Sort logical ids so that each follows those that it depends on.

    Args:
        resources: the template's ``Resources``.

    Raises:
        graphlib.CycleError: resources depend on each other.
    """
    graph = {
        logical_id: [name for name in _needs(resource) if name in resources and name != logical_id]
        for logical_id, resource in resources.items()
    }
    return list(TopologicalSorter(graph).static_order())


def references(
    value: Json, path: tuple[str, ...] = (), *, inside: bool = False
) -> Iterator[tuple[tuple[str, ...], str, str | None]]:
    """Find what ``value`` refers to: resources, parameters and pseudo parameters.

    Args:
        value: a part of a template.
        path: where that part is.
        inside: whether the part is an argument of an intrinsic function.

    Yields:
        The path to the outermost intrinsic function, with ``*`` for an item of a list; the name;
        the attribute of ``Fn::GetAtt``.
    """
    if isinstance(value, list):
        for item in value:
            yield from references(item, path if inside else (*path, "*"), inside=inside)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == "Ref" and isinstance(item, str):
                yield path, item, None
            elif key == "Fn::GetAtt":
                name, attribute = item.split(".", 1) if isinstance(item, str) else item[:2]
                yield path, name, str(attribute)
            elif key == "Fn::Sub":
                text = item if isinstance(item, str) else item[0]
                for name, attribute in _SUBSTITUTION.findall(text):
                    yield path, name, attribute or None
            function = inside or key.startswith("Fn::")
            yield from references(item, path if function else (*path, key), inside=function)


def _needs(resource: Mapping[str, Any]) -> Iterator[str]:
    yield from (name for _, name, _ in references(resource))
    depends = resource.get("DependsOn", [])
    yield from [depends] if isinstance(depends, str) else depends
