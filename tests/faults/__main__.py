"""Lets every fault happen to small runs in a sandbox: ``make faults``.

It ends with 0 if every fault happened, and every run ended right. With ``--write`` it writes the
table of ``docs/reliability.md``.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Final

from tests.faults import families, table
from tests.faults.campaign import Campaign
from tests.faults.world import world

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.faults.campaign import Result
    from tests.faults.fault import Fault

_RESERVE_SECONDS: Final = 180.0
"""For the faults of deployments, which come last."""


@dataclass(kw_only=True, slots=True)
class _Work:
    """The faults that are to happen, for all sandboxes, and what became of them."""

    seed: int
    deadline: float
    """In seconds of the monotonic clock."""
    in_turn: SimpleQueue[tuple[int, Fault]] = field(default_factory=SimpleQueue)
    """Each with the number of its turn."""
    last: SimpleQueue[list[Fault]] = field(default_factory=SimpleQueue)
    """Faults of deployments. Those of one sequence happen to one sandbox."""
    results: dict[str, Result] = field(default_factory=dict)

    def do(self) -> float:
        """Let faults happen to a sandbox of their own; returns the seconds of a run without one."""
        with world() as deployment:
            campaign = Campaign(deployment=deployment, seed=self.seed, results=self.results)
            campaign.warm()
            print(f"a run without a fault: {campaign.clean_seconds:.1f} s", flush=True)  # noqa: T201
            for turn, fault in _taken(self.in_turn):
                _tell(campaign.run([fault], turn=turn))
                if time.monotonic() > self.deadline - _RESERVE_SECONDS:
                    break
            for faults in _taken(self.last):
                _tell(campaign.finish(faults))
        return campaign.clean_seconds

    def leave(self) -> None:
        """Begin no other fault."""
        for queue in (self.in_turn, self.last):
            for _ in _taken(queue):
                pass


def main() -> int:
    """Run the campaign, and return the exit code."""
    arguments = _arguments()
    seed = arguments.seed if arguments.seed is not None else random.randrange(10**6)  # noqa: S311
    print(f"SEED={seed}", flush=True)  # noqa: T201
    chosen = families.named(arguments.only)
    work = _Work(seed=seed, deadline=time.monotonic() + arguments.seconds)
    for turn in range(1, arguments.turns + 1):
        order = [one for one in chosen if not one.alone]
        random.Random(f"{seed}/{turn}").shuffle(order)  # noqa: S311
        for fault in order:
            work.in_turn.put((turn, fault))
    last = [one for one in chosen if one.alone]
    work.last.put(last[:1])
    work.last.put(last[1:])
    with ThreadPoolExecutor(arguments.sandboxes) as threads:
        try:
            clean = statistics.fmean(threads.map(lambda _: work.do(), range(arguments.sandboxes)))
        except BaseException:  # such as Ctrl-C
            work.leave()
            raise
    if arguments.write:
        table.write(work.results, f"`SEED={seed}`", clean)
    wrong = [one.fault.name for one in work.results.values() if one.problems]
    missing = [one.name for one in chosen if one.name not in work.results]
    print(f"{len(work.results)} faults happened; SEED={seed}")  # noqa: T201
    print(f"wrong: {wrong or 'none'}; not happened: {missing or 'none'}")  # noqa: T201
    return 1 if wrong or missing else 0


def _taken(queue: SimpleQueue[Any]) -> Iterator[Any]:
    """What nobody else has taken from a queue, until it is empty."""
    while True:
        try:
            yield queue.get_nowait()
        except Empty:
            return


def _tell(results: Iterable[Result]) -> None:
    """Print each result."""
    begun = time.monotonic()
    for result in results:
        taken, begun = time.monotonic() - begun, time.monotonic()
        is_right = result.right == result.times
        word = "right" if is_right else "WRONG"
        print(f"{word} {taken:6.1f} s  {result.fault.name}", flush=True)  # noqa: T201
        if not is_right:
            print(result.problems[-1], file=sys.stderr, flush=True)  # noqa: T201


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seed", type=int, help="of the random moments; printed")
    parser.add_argument("--seconds", type=float, default=1200.0, help="the most it may take")
    parser.add_argument("--turns", type=int, default=2, help="how often each fault happens")
    parser.add_argument("--sandboxes", type=int, default=2, help="that faults happen to at once")
    parser.add_argument("--only", default="", help="faults whose family or name has this text")
    parser.add_argument("--write", action="store_true", help="write docs/reliability.md")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
