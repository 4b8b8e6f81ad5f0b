"""What a fault is: its name, what it does to a run, and what becomes of the run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from tests.executions import photos

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from tests.deployment import Deployment
    from tests.faults.run import Outcome, Run

    Act = Callable[[Run], object]
    Spoilt = Callable[[Run], Mapping[str, Any]]

SHARD: Final = 8
"""Objects of a shard, and photographs of most runs."""
TWO_SHARDS: Final = photos(SHARD + 4)
"""Photographs of a run with two shards."""


def nothing(_run: Run) -> None:
    """Do nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """A fault."""

    name: str
    """A sentence: what happens."""
    act: Act = nothing
    """What is done to a run after its start."""
    before: Act = nothing
    """What is done before its start."""
    requests: Spoilt | None = None
    """Which of its requests wait, fail or have a spoilt answer. The sandbox is told between
    ``before`` and the start: later, the first of them could be over."""
    is_during: bool = True
    """Whether it happens before the run's end, by ``before``, ``requests`` or ``act``; else by
    ``after``."""
    after: Act = nothing
    """What is done after its end, and must hold then. May start another run."""
    alone: Callable[[Run], AbstractContextManager[Deployment]] | None = None
    """Lets it happen, all checks included, in place of the others: for a fault that its deployment
    doesn't outlive. Yields what is deployed then."""
    outcome: Outcome = "outputs"
    """``outputs``: the run succeeds, and every input has an output. ``accounts``: it succeeds, and
    outputs and exceptions are the inputs. ``failed``: it fails with ``error``. ``stopped``: it is
    aborted."""
    error: str = ""
    """How the error of a run that fails begins."""
    inputs: Mapping[str, bytes] = field(default_factory=lambda: photos(SHARD))
    request: Mapping[str, object] = field(default_factory=dict)
    """Fields of the request, besides input, format and model. A ``key`` is made new each turn."""
    lost: str = "nothing"
    """What a person has to do again."""
    seen: str
    """What a person sees."""
