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
    """One thing that was looked at."""

    name: str
    status: Status
    found: str
    """In words."""
    remedy: str = ""
    """What to do about it; empty where nothing is to be done."""

    def document(self) -> dict[str, Any]:
        """Return it in JSON's types."""
        return asdict(self)


def guarded(name: str, checks: Callable[[], Iterable[Check]]) -> Iterator[Check]:
    """Give checks; where AWS can't be asked, say so and why, for one refusal hides nothing else."""
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
