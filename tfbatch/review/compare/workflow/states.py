"""Compares state machines state by state: added, removed, renamed and changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tfbatch.review.compare import differences
from tfbatch.review.compare.differences import ABSENT, Leaf, leaves, same
from tfbatch.review.compare.rules import guards, harmless
from tfbatch.review.compare.rules.rule import UNKNOWN, Place, Rule, judge
from tfbatch.review.compare.workflow.renames import translated
from tfbatch.review.finding import Finding, Section, Severity
from tfbatch.review.sides import states

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tfbatch.review.sides.assembly import Resource
    from tfbatch.review.sides.states import State


_SAFEGUARDS = ("Retry", "Catch", "TimeoutSeconds", "HeartbeatSeconds")
"""Fields without which a failure isn't handled."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sides:
    """The states of a state machine by their full names."""

    machine: Resource
    was: Mapping[str, State]
    now: Mapping[str, State]
    bare_was: Mapping[str, State]
    """The same, with assets by their names alone."""
    bare_now: Mapping[str, State]
    renamed: Mapping[str, str]
    """New name -> old name."""


def finding_of(machine: Resource, rule: str, title: str, **more: Any) -> Finding:  # noqa: ANN401
    """A finding about a state machine; ``more`` has a finding's other fields."""
    return Finding(
        section=more.pop("section", Section.WORKFLOW),
        rule=rule,
        title=title,
        subject=machine.path,
        logical_id=machine.key[1],
        **more,
    )


def told_of(sides: Sides) -> Iterator[Finding]:
    """What happens to each state."""
    was, now, renamed, machine = sides.was, sides.now, sides.renamed, sides.machine
    for name, old in renamed.items():
        title = f"State “{old}” is now called “{name}”"
        why = "It does the same, and the states before and after it are the same."
        yield finding_of(machine, "state-renamed", title, state=name, why=why)
    for name, state in now.items():
        old_name = renamed.get(name, name)
        if old_name not in was:
            yield from _one_sided(machine, name, state, "added")
            continue
        before, after = translated(was[old_name], renamed), states.own(state)
        if not same(before, after):
            yield from _changed(sides, name, before, after)
    for name, state in was.items():
        if name not in now and name not in renamed.values():
            yield from _one_sided(machine, name, state, "removed")


def _one_sided(machine: Resource, name: str, state: State, fate: str) -> Iterator[Finding]:
    """A state that only one side has."""
    sign, words = ("+", "is new") if fate == "added" else ("-", "is gone")
    text = states.text(states.own(state))
    guarded = guards.GUARDS.get(states.last(name)) if fate == "removed" else None
    yield finding_of(
        machine,
        f"state-{fate}",
        f"State “{name}” {words}",
        state=name,
        severity=Severity.ATTENTION,
        why="" if guarded else "No rule knows what it does.",
        diff=tuple(f"{sign}{line}" for line in text.splitlines()),
    )
    if guarded:
        says = "guarded the run, and is gone", "guarded the run, and are gone"
        yield _hurting(machine, "guard-removed", name, says, guarded)


def _changed(sides: Sides, name: str, before: State, after: State) -> Iterator[Finding]:
    told = list(_judged(sides, name, before, after))
    rules = {rule for _, rule in told}
    severity = max((rule.verdict for rule in rules), default=Severity.ATTENTION)
    keys = [key for key in {**before, **after} if not same(before.get(key), after.get(key))]
    fine = sorted({rule.why for rule in rules if rule.verdict is Severity.FINE})
    yield finding_of(
        sides.machine,
        "state-changed" if severity else min(rule.name for rule in rules),
        f"State “{name}”: {', '.join(keys)} changed",
        state=name,
        severity=severity,
        why=_why(rules) if severity else " ".join(fine),
        diff=differences.lines(states.text(before), states.text(after)),
    )
    if guarded := next((rule for rule in rules if rule.name == "guard-changed"), None):
        says = "guards the run, and changes", "guard the run, and change"
        yield _hurting(sides.machine, guarded.name, name, says, guarded.why)
    yield from _safeguards(sides.machine, name, before, after)


def _judged(sides: Sides, name: str, before: State, after: State) -> Iterator[tuple[Leaf, Rule]]:
    """The leaves of a state that differ, each with its rule."""
    old_name, own = sides.renamed.get(name, name), states.last(name)
    bare = translated(sides.bare_was[old_name], sides.renamed), states.own(sides.bare_now[name])
    named = {leaf.path for leaf in _leaves(*bare)}
    place = Place(kind=f"{after.get('Type')} {own}", fate="changed", old=before, new=after)
    for leaf in _leaves(before, after):
        if leaf.path not in named:
            yield leaf, harmless.NEW_CONTENTS
            continue
        found = judge(leaf, place, guards.STATES)
        yield leaf, guards.unknown(own) if found is UNKNOWN else found


def _why(rules: set[Rule]) -> str:
    return "No rule knows what this changes." if UNKNOWN in rules else ""


def _leaves(before: State, after: State) -> Iterator[Leaf]:
    """The leaves of a state that differ; a list of retriers or catchers is one."""
    for key in dict.fromkeys([*before, *after]):
        old, new = before.get(key, ABSENT), after.get(key, ABSENT)
        if same(old, new):
            continue
        if key in _SAFEGUARDS:
            yield Leaf(path=key, old=old, new=new)
        else:
            yield from leaves(old, new, key)


def _safeguards(machine: Resource, name: str, before: State, after: State) -> Iterator[Finding]:
    """Retries, catchers and timeouts that are gone, or hold less than before."""
    lost = [key for key in _SAFEGUARDS if key in before and not after.get(key)]
    for key in ("Retry", "Catch"):
        if key not in lost and _handles_less(before.get(key, []), after.get(key, [])):
            lost.append(key)
    if not lost:
        return
    gone = all(not after.get(key) for key in lost)
    said = " and no ".join(lost)
    less = f"handles less by its {' and '.join(lost)} than before"
    says = (f"has no {said} any more", f"have no {said} any more") if gone else (less, less)
    why = "Its errors are no longer retried, caught or timed out."
    yield _hurting(machine, "safeguard-lost", name, says, why)


def _handles_less(before: Any, after: Any) -> bool:  # noqa: ANN401 # retriers or catchers
    return bool(_handled(before) - _handled(after)) and "States.ALL" not in _handled(after)


def _handled(handlers: Any) -> set[str]:  # noqa: ANN401 # retriers or catchers
    return {
        str(error)
        for one in handlers
        if isinstance(one, dict) and one.get("MaxAttempts") != 0
        for error in one.get("ErrorEquals", [])
    }


def _hurting(machine: Resource, rule: str, name: str, says: tuple[str, str], why: str) -> Finding:
    """A finding about a state; ``says`` ends the sentence about one, and about several."""
    return finding_of(
        machine,
        rule,
        f"State “{name}” {says[0]}",
        section=Section.HURT,
        severity=Severity.ATTENTION,
        many=says[1],
        noun="state",
        state=name,
        why=why,
    )
