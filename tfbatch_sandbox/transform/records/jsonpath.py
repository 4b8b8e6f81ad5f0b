"""The JSONPath subset of ``DataProcessing`` filters.

Source: "Associate Prediction Results with Input Records", SageMaker developer guide. It says that a
slice includes its end (``$[1:4]`` is the second through the fifth column), unlike the library that
it names. The guide is followed here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

_NAME: Final = re.compile(r"\.([^.\[\]*'\"]+)")
_WILDCARD: Final = re.compile(r"\.?\[\*\]|\.\*")
_NAMES: Final = re.compile(
    r"\.?\[\s*((?:'[^']*'|\"[^\"]*\")(?:\s*,\s*(?:'[^']*'|\"[^\"]*\"))*)\s*\]"
)
_INDEXES: Final = re.compile(r"\.?\[\s*(-?\d+(?:\s*,\s*-?\d+)*)\s*\]")
_SLICE: Final = re.compile(r"\.?\[\s*(-?\d*)\s*:\s*(-?\d*)\s*\]")

Step = Callable[[Any], Any]


class PathError(ValueError):
    """The expression is not in the subset, or doesn't fit the data."""


@dataclass(frozen=True, slots=True)
class JsonPath:
    """A parsed expression."""

    text: str
    steps: tuple[Step, ...]

    def select(self, value: Any) -> Any:  # noqa: ANN401 (any JSON value)
        """The part of the value that the expression selects.

        Raises:
            PathError: it selects nothing.
        """
        for step in self.steps:
            try:
                value = step(value)
            except (LookupError, TypeError, AttributeError) as error:
                raise PathError(f"{self.text} names nothing in the data: {error!r}") from None
        return value


def parse(text: str) -> JsonPath:
    """Parse an expression of the subset.

    Raises:
        PathError: it doesn't start with ``$``, or uses another operator.
    """
    if not text.startswith("$"):
        raise PathError(f"{text!r} is not a JSONPath: it must begin with $")
    steps: list[Step] = []
    at = 1
    while at < len(text):
        step, at = _step(text, at)
        steps.append(step)
    return JsonPath(text, tuple(steps))


def _step(text: str, at: int) -> tuple[Step, int]:
    for pattern, make in _OPERATORS:
        match = pattern.match(text, at)
        if match is not None:
            return make(match), match.end()
    raise PathError(
        f"{text!r} has an operator that batch transform does not support, at {text[at:]!r}"
    )


def _child(match: re.Match[str]) -> Step:
    return lambda value: value[_key(value, match[1])]


def _key(value: object, name: str) -> str:
    if not isinstance(value, dict):
        raise TypeError(f"no attribute {name!r} in a value that is not an object")
    return name


def _children(match: re.Match[str]) -> Step:
    names = re.findall(r"'([^']*)'|\"([^\"]*)\"", match[1])
    keys = [single or double for single, double in names]
    if len(keys) == 1:
        return lambda value: value[_key(value, keys[0])]
    return lambda value: {key: value[_key(value, key)] for key in keys}


def _elements(match: re.Match[str]) -> Step:
    indexes = [int(index) for index in match[1].split(",")]
    if len(indexes) == 1:
        return lambda value: _array(value)[indexes[0]]
    return lambda value: [_array(value)[index] for index in indexes]


def _slice(match: re.Match[str]) -> Step:
    start = int(match[1] or 0)
    end = int(match[2]) if match[2] else -1
    # One past the end; the last element's end is "all", not a number.
    stop = None if end == -1 else end + 1
    return lambda value: _array(value)[start:stop]


def _all(_: re.Match[str]) -> Step:
    return lambda value: list(value.values()) if isinstance(value, dict) else list(_array(value))


def _array(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("an index into a value that is not an array")
    return value


_OPERATORS: Final = (
    (_WILDCARD, _all),
    (_NAMES, _children),
    (_INDEXES, _elements),
    (_SLICE, _slice),
    (_NAME, _child),
)
