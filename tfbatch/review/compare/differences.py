"""Compares two values: property by property, line by line."""

from __future__ import annotations

import difflib
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tfbatch.review.finding import Row

_ABSENT = "—"
_NAMES = ("Key", "Name", "Id", "Sid")
"""Keys that identify a list's items, such as those of tags."""


def rows(before: Any, after: Any) -> tuple[Row, ...]:  # noqa: ANN401 # any two values
    """Every leaf that differs: its dotted path, the old value, the new one."""
    old, new = dict(_leaves(before)), dict(_leaves(after))
    names = [*old, *(name for name in new if name not in old)]
    return tuple(
        (name, shown(old.get(name, _ABSENT)), shown(new.get(name, _ABSENT)))
        for name in names
        if old.get(name, _ABSENT) != new.get(name, _ABSENT)
    )


def shown(value: Any) -> str:  # noqa: ANN401 # any value
    """A value for people: ``yes``, ``365``, ``s3:GetObject``."""
    match value:
        case True | False:
            return "yes" if value else "no"
        case str():
            return value
        case None:
            return _ABSENT
        case _:
            return json.dumps(value, ensure_ascii=False)


def lines(before: str, after: str, *, context: int = 3) -> tuple[str, ...]:
    """A unified diff without file names."""
    made = difflib.unified_diff(before.splitlines(), after.splitlines(), n=context, lineterm="")
    return tuple(line for line in made if not line.startswith(("--- ", "+++ ")))


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:  # noqa: ANN401
    match value:
        case dict() if value:
            yield from _members(value, path)
        case list() if value and all(isinstance(item, dict) for item in value):
            named = {_name(item, number): item for number, item in enumerate(value)}
            for name, item in named.items():
                yield from _leaves(item, f"{path}[{name}]")
        case list() if len(value) == 1:
            yield path, value[0]
        case list():
            yield path, ", ".join(shown(item) for item in value)
        case _:
            yield path, value


def _members(value: Mapping[str, Any], path: str) -> Iterator[tuple[str, Any]]:
    for name, item in value.items():
        yield from _leaves(item, f"{path}.{name}" if path else str(name))


def _name(item: Mapping[str, Any], number: int) -> str:
    return next((str(item[name]) for name in _NAMES if name in item), str(number))
