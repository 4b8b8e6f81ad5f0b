"""Compares state machines: states added, removed, renamed and changed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tfbatch.review.compare import differences
from tfbatch.review.compare.differences import ABSENT, Leaf, leaves, same
from tfbatch.review.compare.rules import guards, harmless
from tfbatch.review.compare.rules.rule import UNKNOWN, Place, Rule, judge
from tfbatch.review.finding import Finding, Section, Severity
from tfbatch.review.render.both_sides import drawn
from tfbatch.review.sides import states

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tfbatch.review.compare.identity import Pairs
    from tfbatch.review.render.graph import Graph
    from tfbatch.review.sides.assembly import Resource
    from tfbatch.review.sides.states import State

_SAFEGUARDS = ("Retry", "Catch", "TimeoutSeconds", "HeartbeatSeconds")
"""Fields without which a failure isn't handled."""
_DEFINITIONS = ("Definition", "DefinitionString")


def rule_for(pairs: Pairs, was: Resource, head: Resource, name: str) -> Rule | None:
    """The rule for a definition, if it is compared here."""
    if head.kind != states.KIND or name not in _DEFINITIONS:
        return None
    sides = [states.definition(pairs.base, was), states.definition(pairs.head, head)]
    understood = all(side is not None and states.is_distinct(side) for side in sides)
    return harmless.SHOWN_AS_WORKFLOW if understood and not same(*sides) else None


def findings(pairs: Pairs) -> Iterator[Finding]:
    """The changes of each state machine, the drawing of both sides first."""
    for old, new in pairs.kept():
        if new.kind == states.KIND:
            yield from _compared(pairs, old, new)
    for machine in pairs.added():
        if machine.kind == states.KIND and (made := states.definition(pairs.head, machine)):
            title = f"State machine {machine.path} is new"
            yield _finding(machine, "workflow-added", title, graph=states.graph(made))


def _finding(machine: Resource, rule: str, title: str, **more: Any) -> Finding:  # noqa: ANN401
    return Finding(
        section=more.pop("section", Section.WORKFLOW),
        rule=rule,
        title=title,
        subject=machine.path,
        logical_id=machine.key[1],
        **more,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Sides:
    """The states of a state machine by their full names."""

    machine: Resource
    was: Mapping[str, State]
    now: Mapping[str, State]
    bare_was: Mapping[str, State]
    """The same, with assets by their names alone."""
    bare_now: Mapping[str, State]
    renamed: Mapping[str, str]
    """New name -> old name."""


def _compared(pairs: Pairs, old: Resource, new: Resource) -> Iterator[Finding]:
    before, after = states.definition(pairs.base, old), states.definition(pairs.head, new)
    bare_before = states.definition(pairs.base, old, contents=False)
    bare_after = states.definition(pairs.head, new, contents=False)
    if not (before and after and bare_before and bare_after):
        if not same(*(_written(one) for one in (old, new))):
            yield _unreadable(new)
        return
    if same(before, after):
        return
    was, now = dict(states.flat(before)), dict(states.flat(after))
    sides = _Sides(
        machine=new,
        was=was,
        now=now,
        bare_was=dict(states.flat(bare_before)),
        bare_now=dict(states.flat(bare_after)),
        renamed=_renamed(was, now),
    )
    told = [*_around(sides, before, after), *_told(sides)]
    severity = max((one.severity for one in told), default=Severity.FINE)
    graph: Graph | None = None
    if severity or sides.renamed:
        changed = {one.state for one in told}
        graph = drawn(before, after, changed=changed, was=was, now=now, renamed=sides.renamed)
    yield _finding(new, "workflow", _summary(told), graph=graph, severity=severity)
    yield from told


def _written(machine: Resource) -> dict[str, Any]:
    properties = machine.body.get("Properties", {})
    return {name: value for name, value in properties.items() if name.startswith("Definition")}


def _unreadable(machine: Resource) -> Finding:
    return _finding(
        machine,
        "workflow-unreadable",
        f"{machine} changes, and can't be compared state by state",
        severity=Severity.ATTENTION,
        why="Its definition isn't in the template, or isn't valid. It is shown as it is above.",
    )


def _renamed(was: Mapping[str, State], now: Mapping[str, State]) -> dict[str, str]:
    """New name -> old name of states that differ only in their names."""
    gone = [name for name in was if name not in now]
    found: dict[str, str] = {}
    for name in now:
        if name in was:
            continue
        shape = _shape(now[name])
        alike = [old for old in gone if old not in found.values() and _shape(was[old]) == shape]
        if len(alike) == 1:
            found[name] = alike[0]
    return found


def _shape(state: State) -> str:
    """A state without the names of others, which a rename changes too."""
    mine = states.own(state)
    for key in states.ways(mine):
        mine = mine | {key: _without_next(mine[key])}
    return json.dumps(mine, sort_keys=True)


def _without_next(value: Any) -> Any:  # noqa: ANN401 # Next, Default, Choices or Catch
    if isinstance(value, list):
        return [{k: v for k, v in item.items() if k != "Next"} for item in value]
    return bool(value)


def _translated(state: State, renamed: Mapping[str, str]) -> State:
    """A state of the base with the head's names of its targets."""
    new = {states.last(old): states.last(name) for name, old in renamed.items()}
    found = dict(states.own(state))
    for key, value in states.ways(found).items():
        if isinstance(value, str):
            found[key] = new.get(value, value)
        elif isinstance(value, list):
            found[key] = [
                item | {"Next": new.get(item["Next"], item["Next"])} if "Next" in item else item
                for item in value
            ]
    for key in ("ItemProcessor", "Iterator"):
        if key in found:
            found[key] = _started(found[key], new)
    if "Branches" in found:
        found["Branches"] = [_started(branch, new) for branch in found["Branches"]]
    return found


def _started(machine: State, new: Mapping[str, str]) -> State:
    """A machine with the head's name of its first state."""
    start = machine.get("StartAt")
    return machine | {"StartAt": new.get(start, start)} if isinstance(start, str) else machine


def _around(sides: _Sides, before: State, after: State) -> Iterator[Finding]:
    """What the definition has beside its states."""
    new = {old: name for name, old in sides.renamed.items()}
    was, now = _started(states.around(before), new), states.around(after)
    if same(was, now):
        return
    fine = {leaf.path for leaf in leaves(was, now)} <= {"Comment"}
    yield _finding(
        sides.machine,
        "comment" if fine else "workflow-changed",
        "The workflow's comment changed" if fine else "The workflow's own members changed",
        severity=Severity.FINE if fine else Severity.ATTENTION,
        why="A text for people." if fine else "They decide where a run starts and when it ends.",
        diff=differences.lines(states.text(was), states.text(now)),
    )


def _told(sides: _Sides) -> Iterator[Finding]:
    was, now, renamed, machine = sides.was, sides.now, sides.renamed, sides.machine
    for name, old in renamed.items():
        title = f"State “{old}” is now called “{name}”"
        why = "It does the same, and the states before and after it are the same."
        yield _finding(machine, "state-renamed", title, state=name, why=why)
    for name, state in now.items():
        old_name = renamed.get(name, name)
        if old_name not in was:
            yield from _one_sided(machine, name, state, "added")
            continue
        before, after = _translated(was[old_name], renamed), states.own(state)
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
    yield _finding(
        machine,
        f"state-{fate}",
        f"State “{name}” {words}",
        state=name,
        severity=Severity.ATTENTION,
        why="" if guarded else "No rule knows what it does.",
        diff=tuple(f"{sign}{line}" for line in text.splitlines()),
    )
    if guarded:
        yield _hurting(
            machine, "guard-removed", f"State “{name}” guarded the run, and is gone", guarded
        )


def _changed(sides: _Sides, name: str, before: State, after: State) -> Iterator[Finding]:
    told = list(_judged(sides, name, before, after))
    rules = {rule for _, rule in told}
    severity = max((rule.verdict for rule in rules), default=Severity.ATTENTION)
    keys = [key for key in {**before, **after} if not same(before.get(key), after.get(key))]
    fine = sorted({rule.why for rule in rules if rule.verdict is Severity.FINE})
    yield _finding(
        sides.machine,
        "state-changed" if severity else min(rule.name for rule in rules),
        f"State “{name}”: {', '.join(keys)} changed",
        state=name,
        severity=severity,
        why=_why(rules) if severity else " ".join(fine),
        diff=differences.lines(states.text(before), states.text(after)),
    )
    if guarded := next((rule for rule in rules if rule.name == "guard-changed"), None):
        title = f"State “{name}” guards the run, and changes"
        yield _hurting(sides.machine, guarded.name, title, guarded.why)
    yield from _safeguards(sides.machine, name, before, after)


def _judged(sides: _Sides, name: str, before: State, after: State) -> Iterator[tuple[Leaf, Rule]]:
    """The leaves of a state that differ, each with its rule."""
    old_name, own = sides.renamed.get(name, name), states.last(name)
    bare = _translated(sides.bare_was[old_name], sides.renamed), states.own(sides.bare_now[name])
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
    title = f"State “{name}” has no {' and no '.join(lost)} any more"
    yield _hurting(
        machine,
        "safeguard-lost",
        title if gone else f"State “{name}”: {' and '.join(lost)} handles less than before",
        "Its errors are no longer retried, caught or timed out.",
    )


def _handles_less(before: Any, after: Any) -> bool:  # noqa: ANN401 # retriers or catchers
    return bool(_handled(before) - _handled(after)) and "States.ALL" not in _handled(after)


def _handled(handlers: Any) -> set[str]:  # noqa: ANN401 # retriers or catchers
    return {
        str(error)
        for one in handlers
        if isinstance(one, dict) and one.get("MaxAttempts") != 0
        for error in one.get("ErrorEquals", [])
    }


def _hurting(machine: Resource, rule: str, title: str, why: str) -> Finding:
    return _finding(
        machine, rule, title, section=Section.HURT, severity=Severity.ATTENTION, why=why
    )


def _summary(told: Sequence[Finding]) -> str:
    counts = {
        word: sum(one.rule == f"state-{word}" for one in told)
        for word in ("added", "removed", "renamed")
    }
    counts["changed"] = len({one.state for one in told if one.diff and one.state}) - sum(
        counts[word] for word in ("added", "removed")
    )
    parts = [f"{count} {word}" for word, count in counts.items() if count]
    return f"States: {', '.join(parts)}" if parts else "The workflow changed around its states"
