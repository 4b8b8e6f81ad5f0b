"""Lets every fault happen to small runs in a sandbox: ``make faults``.

It ends with 0 if every fault happened, and every run ended right. With ``--write`` it writes the
table of ``docs/reliability.md``.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
import time
from typing import TYPE_CHECKING, Final

from tests.faults import families, table
from tests.faults.campaign import Campaign
from tests.faults.world import world

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.faults.campaign import Result
    from tests.faults.fault import Fault

_RESERVE_SECONDS: Final = 180.0
"""For the faults of deployments, which come last."""


def main() -> int:
    """Run the campaign, and return the exit code."""
    arguments = _arguments()
    seed = arguments.seed if arguments.seed is not None else random.randrange(10**6)  # noqa: S311
    print(f"SEED={seed}", flush=True)  # noqa: T201
    deadline = time.monotonic() + arguments.seconds
    chosen = families.named(arguments.only)
    in_turn, last = [one for one in chosen if not one.alone], [one for one in chosen if one.alone]
    with world() as deployment:
        campaign = Campaign(deployment=deployment, seed=seed)
        campaign.warm()
        print(f"a run without a fault: {campaign.clean_seconds:.1f} s", flush=True)  # noqa: T201
        for turn in range(1, arguments.turns + 1):
            _tell(campaign.run(_shuffled(in_turn, seed, turn), turn=turn), deadline)
        _tell(campaign.finish(last), math.inf)
    if arguments.write:
        table.write(campaign, arguments.seconds)
    results = campaign.results
    wrong = [one.fault.name for one in results.values() if one.problems]
    missing = [one.name for one in chosen if one.name not in results]
    print(f"{len(results)} faults happened; SEED={seed}")  # noqa: T201
    print(f"wrong: {wrong or 'none'}; not happened: {missing or 'none'}")  # noqa: T201
    return 1 if wrong or missing else 0


def _tell(results: Iterator[Result], deadline: float) -> None:
    """Print each result; stop when the time is up."""
    begun = time.monotonic()
    for result in results:
        taken, begun = time.monotonic() - begun, time.monotonic()
        _print(result, taken)
        if begun > deadline - _RESERVE_SECONDS:
            return


def _print(result: Result, taken: float) -> None:
    is_right = result.right == result.times
    print(f"{'right' if is_right else 'WRONG'} {taken:6.1f} s  {result.fault.name}", flush=True)  # noqa: T201
    if not is_right:
        print(result.problems[-1], file=sys.stderr, flush=True)  # noqa: T201


def _shuffled(faults: Sequence[Fault], seed: int, turn: int) -> list[Fault]:
    order = list(faults)
    random.Random(f"{seed}/{turn}").shuffle(order)  # noqa: S311
    return order


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seed", type=int, help="of the random moments; printed")
    parser.add_argument("--seconds", type=float, default=1200.0, help="the most it may take")
    parser.add_argument("--turns", type=int, default=2, help="how often each fault happens")
    parser.add_argument("--only", default="", help="faults whose family or name has this text")
    parser.add_argument("--write", action="store_true", help="write docs/reliability.md")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
