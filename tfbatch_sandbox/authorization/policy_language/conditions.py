"""Evaluates the ``Condition`` of a statement."""

from __future__ import annotations

import base64
import ipaddress
import operator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from tfbatch_sandbox.authorization.policy_language.patterns import (
    filled,
    matches,
    matches_arn,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tfbatch_sandbox.authorization.policy_language.patterns import Context

    Test = Callable[[str, str, Context], bool]
    """Takes the policy's value, the request's value and its context."""

_EXISTS: Final = "IfExists"
_ALL, _ANY = "ForAllValues:", "ForAnyValue:"


class PolicyError(ValueError):
    """A policy that AWS would refuse. The message names the part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One operator on one key."""

    operator: str
    """Without qualifier and ``IfExists``: ``StringEquals``."""
    key: str
    """In lower case."""
    values: tuple[str, ...]
    for_all: bool
    if_exists: bool

    def holds(self, context: Context) -> bool:
        """Whether the request's values of the key satisfy it."""
        given = context.get(self.key, ())
        if self.operator == "Null":
            return (not given) == (self.values[0].lower() == "true")
        negated = _is_negated(self.operator)
        if not given:
            return negated or self.if_exists or self.for_all
        tests = (self._accepts(value, context) != negated for value in given)
        return all(tests) if self.for_all or negated else any(tests)

    def _accepts(self, given: str, context: Context) -> bool:
        test = _TESTS[_positive(self.operator)]
        return any(test(value, given, context) for value in self.values)


def conditions_of(document: Mapping[str, Mapping[str, object]]) -> tuple[Condition, ...]:
    """Parse a statement's ``Condition``. All conditions must hold.

    Raises:
        PolicyError: an operator is unknown.
    """
    return tuple(
        _condition(name, key, values)
        for name, block in document.items()
        for key, values in block.items()
    )


def _condition(name: str, key: str, values: object) -> Condition:
    bare = name.removeprefix(_ALL).removeprefix(_ANY).removesuffix(_EXISTS)
    if bare != "Null" and _positive(bare) not in _TESTS:
        raise PolicyError(f"the condition operator {name} is not known")
    listed: Sequence[object] = values if isinstance(values, list) else [values]
    return Condition(
        operator=bare,
        key=key.lower(),
        values=tuple(_text(value) for value in listed),
        for_all=name.startswith(_ALL),
        if_exists=name.endswith(_EXISTS),
    )


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _is_negated(name: str) -> bool:
    return "Not" in name


def _positive(name: str) -> str:
    return name.replace("Not", "", 1)


def _equals(value: str, given: str, context: Context) -> bool:
    return filled(value, context) == given


def _equals_ignoring_case(value: str, given: str, context: Context) -> bool:
    return (filled(value, context) or "").lower() == given.lower()


def _bool(value: str, given: str, _context: Context) -> bool:
    return value.lower() == given.lower()


def _binary(value: str, given: str, _context: Context) -> bool:
    return base64.b64decode(value) == base64.b64decode(given)


def _address(value: str, given: str, _context: Context) -> bool:
    return ipaddress.ip_address(given) in ipaddress.ip_network(value, strict=False)


def _number(compare: Callable[[float, float], bool]) -> Test:
    return lambda value, given, _context: compare(float(given), float(value))


def _date(compare: Callable[[float, float], bool]) -> Test:
    return lambda value, given, _context: compare(_seconds(given), _seconds(value))


def _seconds(date: str) -> float:
    return float(date) if date.isdecimal() else datetime.fromisoformat(date).timestamp()


_COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
}
_TESTS: Final[Mapping[str, Test]] = {
    "StringEquals": _equals,
    "StringEqualsIgnoreCase": _equals_ignoring_case,
    "StringLike": matches,
    "ArnEquals": matches_arn,
    "ArnLike": matches_arn,
    "Bool": _bool,
    "BinaryEquals": _binary,
    "IpAddress": _address,
    **{f"Numeric{name}": _number(compare) for name, compare in _COMPARISONS.items()},
    **{f"Date{name}": _date(compare) for name, compare in _COMPARISONS.items()},
}
