"""Compares state machines, the drawing of both sides first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tfbatch.review.compare import differences
from tfbatch.review.compare.differences import leaves, same
from tfbatch.review.compare.rules import harmless
from tfbatch.review.compare.workflow.renames import renamed, started
from tfbatch.review.compare.workflow.states import Sides, finding_of, told_of
from tfbatch.review.finding import Severity
from tfbatch.review.render.both_sides import drawn
from tfbatch.review.sides import states

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tfbatch.review.compare.identity import Pairs
    from tfbatch.review.compare.rules.rule import Rule
    from tfbatch.review.finding import Finding
    from tfbatch.review.render.graph import Graph
    from tfbatch.review.sides.assembly import Resource
    from tfbatch.review.sides.states import State


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
            yield finding_of(machine, "workflow-added", title, graph=states.graph(made))


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
    sides = Sides(
        machine=new,
        was=was,
        now=now,
        bare_was=dict(states.flat(bare_before)),
        bare_now=dict(states.flat(bare_after)),
        renamed=renamed(was, now),
    )
    told = [*_around(sides, before, after), *told_of(sides)]
    severity = max((one.severity for one in told), default=Severity.FINE)
    graph: Graph | None = None
    if severity or sides.renamed:
        changed = {one.state for one in told}
        graph = drawn(before, after, changed=changed, was=was, now=now, renamed=sides.renamed)
    yield finding_of(new, "workflow", _summary(told), graph=graph, severity=severity)
    yield from told


def _written(machine: Resource) -> dict[str, Any]:
    properties = machine.body.get("Properties", {})
    return {name: value for name, value in properties.items() if name.startswith("Definition")}


def _unreadable(machine: Resource) -> Finding:
    return finding_of(
        machine,
        "workflow-unreadable",
        f"{machine} changes, and can't be compared state by state",
        severity=Severity.ATTENTION,
        why="Its definition isn't in the template, or isn't valid. It is shown as it is above.",
    )


def _around(sides: Sides, before: State, after: State) -> Iterator[Finding]:
    """What the definition has beside its states."""
    new = {old: name for name, old in sides.renamed.items()}
    was, now = started(states.around(before), new), states.around(after)
    if same(was, now):
        return
    fine = {leaf.path for leaf in leaves(was, now)} <= {"Comment"}
    yield finding_of(
        sides.machine,
        "comment" if fine else "workflow-changed",
        "The workflow's comment changed" if fine else "The workflow's own members changed",
        severity=Severity.FINE if fine else Severity.ATTENTION,
        why="A text for people." if fine else "They decide where a run starts and when it ends.",
        diff=differences.lines(states.text(was), states.text(now)),
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
