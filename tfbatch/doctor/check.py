"""The result of a check."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from tfbatch.terminal.problem import remedy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Status = Literal["ok", "warning", "failed", "skipped"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """The result of a check."""

    name: str
    status: Status
    found: str
    """What was found, in words."""
    remedy: str = ""
    """What to do about it; empty if nothing."""

    def document(self) -> dict[str, Any]:
        """Return it as JSON types."""
        return asdict(self)


def guarded(name: str, checks: Callable[[], Iterable[Check]]) -> Iterator[Check]:
    """Yield checks. If AWS refuses one, report the reason and continue."""
    try:
        yield from checks()
    except Exception as error:
        message = remedy(error)
        if message is None:
            raise
        yield Check(
            name=name,
            status="warning",
            found=f"It can't be told: {message}",
            remedy="Ask somebody who may, or allow these read-only calls.",
        )
