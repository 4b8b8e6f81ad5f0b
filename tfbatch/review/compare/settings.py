"""Compares the settings of a stage, and finds raised spending limits."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tfbatch.review.compare import differences
from tfbatch.review.compare.differences import ABSENT
from tfbatch.review.finding import Finding, Section, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tfbatch.review.finding import Row

_LIMIT = re.compile(
    r"(.*\.)?(max_(instances|hours|jobs|executions|cost|usd|concurrent_jobs)|\w*(budget|quota)\w*)"
)
_NUMBER = re.compile(r"\d+(\.\d+)?")


def findings(base: Mapping[str, Any], head: Mapping[str, Any]) -> Iterator[Finding]:
    """Changed settings, and those that let executions spend more."""
    rows = differences.rows(_named(base), _named(head))
    for row in rows:  # each alone: what stages share is merged later
        yield Finding(
            section=Section.CHECKS,
            rule="settings-changed",
            title="1 setting of the stage changed",
            many="of the stage changed",
            noun="setting",
            why="What it changes in what is deployed is listed on its own.",
            rows=(row,),
        )
    raised = tuple(row for row in rows if _is_raised(row))
    if raised:
        yield Finding(
            section=Section.HURT,
            rule="limit-raised",
            severity=Severity.ATTENTION,
            title="An execution may spend more than before",
            why="; ".join(_in_words(row) for row in raised) + ".",
            rows=raised,
        )


def _named(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Lists of named things as dictionaries, so that an added model doesn't change the others."""
    return {key: _by_name(value) for key, value in settings.items()}


def _by_name(value: Any) -> Any:  # noqa: ANN401 # any setting
    if (
        isinstance(value, list)
        and value
        and all(isinstance(v, dict) and "name" in v for v in value)
    ):
        return {item["name"]: {k: v for k, v in item.items() if k != "name"} for item in value}
    return value


def _is_raised(row: Row) -> bool:
    name, old, new = row
    if not _LIMIT.fullmatch(name) or not _NUMBER.fullmatch(old) or new == ABSENT.value:
        return False  # what it limited is gone as well
    return not _NUMBER.fullmatch(new) or float(new) > float(old)


def _in_words(row: Row) -> str:
    name, old, new = row
    factor = float(new) / float(old) if _NUMBER.fullmatch(new) and float(old) else None
    times = f", {factor:.3g} times as much" if factor else ""
    return f"{name.rpartition('.')[2]} {old} → {new}{times}"
