"""Runs faults one after the other, and notes what became of each run."""

from __future__ import annotations

import contextlib
import random
import re
import statistics
import time
import traceback
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import psutil  # type: ignore[import-untyped]

from tests.faults import processes
from tests.faults.fault import Fault
from tests.faults.invariant import check, leftovers
from tests.faults.run import Run

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tests.deployment import Deployment

_CLEAN: Final = Fault(name="No fault", is_during=False, seen="A run")
_CLEAN_RUNS: Final = 2


@dataclass(kw_only=True, slots=True)
class Result:
    """What became of a fault."""

    fault: Fault
    times: int = 0
    """How often it happened."""
    right: int = 0
    """How many of these runs ended right."""
    seconds: list[float] = field(default_factory=list)
    """How much longer than a run without a fault each of them took."""
    problems: list[str] = field(default_factory=list)


@dataclass(kw_only=True, slots=True)
class Campaign:
    """Faults over one deployment."""

    deployment: Deployment
    seed: int
    clean_seconds: float = 0.0
    """What a run without a fault takes."""
    results: dict[str, Result] = field(default_factory=dict)

    def warm(self) -> None:
        """Measure a run without a fault."""
        taken = [self._once(_CLEAN, f"clean-{number}") for number in range(_CLEAN_RUNS)]
        self.clean_seconds = statistics.median(taken)

    def run(self, faults: Iterable[Fault], *, turn: int) -> Iterator[Result]:
        """Let each fault happen once more."""
        for fault in faults:
            result = self.results.setdefault(fault.name, Result(fault=fault))
            with _noted(result):
                taken = self._once(fault, f"{turn}-{_slug(fault.name)}")
                result.seconds.append(max(0.0, taken - self.clean_seconds))
            yield result

    def finish(self, faults: Iterable[Fault]) -> Iterator[Result]:
        """Let the faults of deployments happen, after which nothing may be deployed."""
        with contextlib.ExitStack() as stack:
            for fault in faults:
                result = self.results.setdefault(fault.name, Result(fault=fault))
                with _noted(result):
                    run = self._made(fault, _slug(fault.name))
                    assert fault.alone, "else it happens in a turn"
                    self.deployment = stack.enter_context(fault.alone(run))
                yield result

    def _made(self, fault: Fault, name: str) -> Run:
        chance = random.Random(f"{self.seed}/{name}")  # noqa: S311 # spreads, keeps no secret
        return Run(
            deployment=self.deployment,
            random=chance,
            folder=name,
            inputs=fault.inputs,
            fields=_with_own_key(fault.request, name),
        )

    def _once(self, fault: Fault, name: str) -> float:
        """One run; returns its seconds, from its start to its end."""
        run = self._made(fault, name)
        try:
            run.known = leftovers(run)
            self.deployment.upload(run.folder, run.inputs)
            fault.before(run)
            if fault.requests:
                run.refuse(fault.requests(run))
            begun = time.monotonic()
            run.start()
            fault.act(run)
            run.end()
            taken = time.monotonic() - begun
            if fault.is_during:
                run.check_hurt()
            self.heal()
            fault.after(run)
            run.heal()
            check(run, fault.outcome, fault.error)
        finally:
            run.heal()
            self.heal()
        return taken

    def heal(self) -> None:
        """Take every fault away."""
        sandbox = self.deployment.sandbox
        sandbox.faults(requests=[], no_capacity=[], internal_errors=0, unanswered_pings=0)
        sandbox.faults(late_events=[], longest_wait=0)
        for process in processes.of_sandbox(sandbox):
            with contextlib.suppress(psutil.Error):
                if process.status() == psutil.STATUS_STOPPED:
                    process.resume()


def _with_own_key(request: Mapping[str, object], name: str) -> dict[str, object]:
    """A request whose key, if it has one, no earlier turn has claimed."""
    return {**request, **({"key": name} if "key" in request else {})}


@contextlib.contextmanager
def _noted(result: Result) -> Iterator[None]:
    """Note how a fault ended. The next one happens all the same."""
    result.times += 1
    try:
        yield
    except Exception:  # noqa: BLE001
        result.problems.append(traceback.format_exc(limit=4))
    else:
        result.right += 1


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower().replace("'", ""))[:50]
