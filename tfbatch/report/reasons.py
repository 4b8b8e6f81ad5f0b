"""Groups exceptions by their reasons, the most frequent first."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_REASONS = 200
_EXAMPLES = 50
_DIGITS = re.compile(r"\d+")
_NODES = re.compile(r"\s*\[\[\{\{.*\}\}\]\]\s*$", re.DOTALL)
"""Where in its graph TensorFlow found it, which doesn't help people."""
OTHERS = "further reasons"


@dataclass(kw_only=True, slots=True)
class Reason:
    """Why some inputs have no prediction."""

    text: str
    """Text of the first one."""
    count: int
    examples: list[str]
    """The first inputs: a key, and the record's number if it is a record."""


def reasons(exceptions: Iterable[Mapping[str, Any]]) -> tuple[Reason, ...]:
    """Group exceptions whose reasons differ only in numbers."""
    found: dict[str, Reason] = {}
    for one in exceptions:
        text = _NODES.sub("", str(one["reason"]))
        shape = _DIGITS.sub("#", text)
        if shape not in found and len(found) >= _REASONS:
            shape = text = OTHERS
        reason = found.setdefault(shape, Reason(text=text, count=0, examples=[]))
        reason.count += 1
        if len(reason.examples) < _EXAMPLES:
            record = "" if one["record"] is None else f" #{one['record']}"
            reason.examples.append(f"{one['key']}{record}")
    return tuple(sorted(found.values(), key=lambda reason: (-reason.count, reason.text)))
