"""Matches wildcards and variables in policies: ``arn:aws:s3:::b/*``, ``${aws:PrincipalArn}``."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    Context = Mapping[str, tuple[str, ...]]
    """A request's condition keys in lower case, each with its values."""

_VARIABLE: Final = re.compile(r"\$\{([^}]*)\}")
_COLON: Final = re.compile(r":(?![^${]*\})")  # not inside ${aws:PrincipalArn}
_LITERALS: Final = frozenset("*?$")  # ${*} stands for a literal asterisk
_ARN_PARTS: Final = 6
_PATTERNS: Final = 4096


def matches(pattern: str, value: str, context: Context, *, ignore_case: bool = False) -> bool:
    """Whether ``value`` matches the pattern.

    A pattern with a variable that the request has no value for matches nothing.
    """
    if "${" not in pattern:
        return _compiled(pattern, ignore_case).fullmatch(value) is not None
    expression = _with_values(pattern, context)
    flags = re.DOTALL | (re.IGNORECASE if ignore_case else 0)
    return expression is not None and re.fullmatch(expression, value, flags) is not None


def matches_arn(pattern: str, arn: str, context: Context) -> bool:
    """Whether an ARN matches the pattern, part by part, so no wildcard crosses a colon.

    The last part, the resource, may have colons. Missing parts of the pattern match anything.
    """
    if pattern == "*":
        return True
    own = arn.split(":", _ARN_PARTS - 1)
    if len(own) != _ARN_PARTS:
        return False
    pairs = zip(_parts(pattern), own, strict=True)
    return all(part in {"*", other} or matches(part, other, context) for part, other in pairs)


@lru_cache(maxsize=_PATTERNS)
def _parts(pattern: str) -> tuple[str, ...]:
    """The parts of an ARN's pattern; missing ones match anything."""
    parts = _COLON.split(pattern, _ARN_PARTS - 1)
    return (*parts, *["*"] * (_ARN_PARTS - len(parts)))


def filled(text: str, context: Context) -> str | None:
    """Replace variables by their values; ``None`` if the request lacks one."""
    pieces = _VARIABLE.split(text)
    values = [_value(name, context) for name in pieces[1::2]]
    if None in values:
        return None
    pieces[1::2] = [str(value) for value in values]
    return "".join(pieces)


def _with_values(pattern: str, context: Context) -> str | None:
    pieces = _VARIABLE.split(pattern)
    values = [_value(name, context) for name in pieces[1::2]]
    if None in values:
        return None
    expressions = [_expression(piece) for piece in pieces]
    expressions[1::2] = [re.escape(str(value)) for value in values]
    return "".join(expressions)


def _value(variable: str, context: Context) -> str | None:
    if variable in _LITERALS:
        return variable
    name, comma, default = variable.partition(",")
    values = context.get(name.strip().lower(), ())
    if len(values) == 1:
        return values[0]
    return default.strip().strip("'") if comma else None


@lru_cache(maxsize=_PATTERNS)
def _compiled(pattern: str, ignore_case: bool) -> re.Pattern[str]:  # noqa: FBT001 - a cache's key
    return re.compile(_expression(pattern), re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def _expression(pattern: str) -> str:
    return re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
