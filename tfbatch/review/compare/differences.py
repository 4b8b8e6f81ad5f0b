"""Compares two values: leaf by leaf, with lists aligned by content, and text line by line."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tfbatch.review.finding import Row


class _Absent(Enum):
    ABSENT = "—"


ABSENT: Final = _Absent.ABSENT
"""The value of a property that a side doesn't have."""
_NAMES = ("Key", "Name", "Id", "Sid")
"""Keys that identify a list's items, such as those of tags."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Leaf:
    """A value that differs."""

    path: str
    """``LifecycleConfiguration.Rules[expire].ExpirationInDays``"""
    old: Any
    """:data:`ABSENT` if only the head has it."""
    new: Any
    """:data:`ABSENT` if only the base has it."""

    @property
    def row(self) -> Row:
        """The path with both values as text."""
        return self.path, shown(self.old), shown(self.new)


def leaves(before: Any, after: Any, path: str = "") -> Iterator[Leaf]:  # noqa: ANN401 # any two values
    """Every leaf that differs.

    Items of a list are matched by their name where each has one, and else by content: an item that
    is put in front of others changes none of them. A list whose order alone differs is one leaf.
    """
    if same(before, after):
        return
    match before, after:
        case dict(), dict():
            yield from _of_members(before, after, path)
        case list(), list() if _are_objects(before) and _are_objects(after):
            found = list(_of_items(before, after, path))
            yield from found or [Leaf(path=path, old=before, new=after)]
        case (dict(), _Absent.ABSENT) if before:
            yield from _of_members(before, {}, path)
        case (_Absent.ABSENT, dict()) if after:
            yield from _of_members({}, after, path)
        case (list(), _Absent.ABSENT) if _are_objects(before):
            yield from _of_items(before, [], path)
        case (_Absent.ABSENT, list()) if _are_objects(after):
            yield from _of_items([], after, path)
        case _:
            yield Leaf(path=path, old=before, new=after)


def rows(before: Any, after: Any) -> tuple[Row, ...]:  # noqa: ANN401 # any two values
    """Every leaf that differs, as text: its path, the old value, the new one."""
    return tuple(leaf.row for leaf in leaves(before, after))


def same(before: Any, after: Any) -> bool:  # noqa: ANN401 # any two values
    """Whether two values are equal, types included: ``True`` is not ``1``."""
    return before == after and _text(before) == _text(after)


def shown(value: Any) -> str:  # noqa: ANN401 # any value
    """A value for people: ``yes``, ``365``, ``s3:GetObject``, ``—`` where there is none."""
    match value:
        case _Absent.ABSENT:
            return ABSENT.value
        case True | False:
            return "yes" if value else "no"
        case str():
            return value if value.strip() not in ("", ABSENT.value) else json.dumps(value)
        case None:
            return "null"
        case [str() | int() | float(), *_] if all(isinstance(v, str | int | float) for v in value):
            return ", ".join(shown(item) for item in value)
        case _:
            return json.dumps(value, ensure_ascii=False)


def lines(before: str, after: str, *, context: int = 3) -> tuple[str, ...]:
    """A unified diff without file names."""
    made = difflib.unified_diff(before.splitlines(), after.splitlines(), n=context, lineterm="")
    return tuple(line for number, line in enumerate(made) if number > 1)


def _text(value: Any) -> str:  # noqa: ANN401 # any value
    return json.dumps(value, sort_keys=True, default=str)


def _are_objects(value: Sequence[Any]) -> bool:
    return all(isinstance(item, dict) for item in value)


def _of_members(before: Mapping[str, Any], after: Mapping[str, Any], path: str) -> Iterator[Leaf]:
    for name in dict.fromkeys([*before, *after]):
        inside = f"{path}.{name}" if path else str(name)
        yield from leaves(before.get(name, ABSENT), after.get(name, ABSENT), inside)


def _of_items(before: list[Any], after: list[Any], path: str) -> Iterator[Leaf]:
    """The differences of two lists of objects."""
    old, new = _named(before), _named(after)
    if old is None or new is None:
        old, new = _aligned(before, after)
    for name in dict.fromkeys([*old, *new]):
        yield from leaves(old.get(name, ABSENT), new.get(name, ABSENT), f"{path}[{name}]")


def _named(items: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Items by their names; ``None`` if one has none, or two have the same."""
    for key in _NAMES:
        names = [item.get(key) for item in items]
        if all(isinstance(name, str) for name in names) and len({*names}) == len(names):
            return dict(zip(map(str, names), items, strict=True))
    return None


def _aligned(before: Sequence[Any], after: Sequence[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Items by numbers, without those that both have. As many new as gone ones are pairs."""
    gone, new = _without(before, after), _without(after, before)
    if len(gone) == len(new):
        gone = dict(zip(new, gone.values(), strict=True))
    return gone, new


def _without(items: Sequence[Any], others: Sequence[Any]) -> dict[str, Any]:
    """The items that the others don't have, by their numbers."""
    left = [_text(item) for item in others]
    found = {}
    for number, item in enumerate(items):
        if (text := _text(item)) in left:
            left.remove(text)
        else:
            found[str(number)] = item
    return found
