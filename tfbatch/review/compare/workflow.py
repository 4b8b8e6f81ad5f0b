"""Compares state machines: states added, removed, renamed and changed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tfbatch.review.compare import differences
from tfbatch.review.finding import Finding, Section, Severity
from tfbatch.review.render.graph import Graph
from tfbatch.review.sides import states

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tfbatch.review.compare.identity import Pairs
    from tfbatch.review.render.graph import Edge, Mark, Node
    from tfbatch.review.sides.assembly import Resource
    from tfbatch.review.sides.states import State

_SAFEGUARDS = ("Retry", "Catch", "TimeoutSeconds", "HeartbeatSeconds")
"""Fields without which a failure isn't handled."""


def findings(pairs: Pairs) -> Iterator[Finding]:
    """The changes of each state machine, the drawing of both sides first."""
    for old, new in pairs.kept():
        if new.kind == states.KIND:
            yield from _compared(pairs, old, new)
    for machine in pairs.added():
        if machine.kind == states.KIND and (made := states.definition(pairs.head, machine)):
            title = f"State machine {machine.path} is new"
            drawn = states.graph(made)
            yield _finding(machine, "workflow-added", title, graph=drawn)


def _finding(machine: Resource, rule: str, title: str, **more: Any) -> Finding:  # noqa: ANN401
    return Finding(
        section=Section.WORKFLOW,
        rule=rule,
        title=title,
        subject=machine.path,
        logical_id=machine.key[1],
        **more,
    )


def _compared(pairs: Pairs, old: Resource, new: Resource) -> Iterator[Finding]:
    before, after = states.definition(pairs.base, old), states.definition(pairs.head, new)
    if before is None or after is None or before == after:
        return
    was, now = dict(states.flat(before)), dict(states.flat(after))
    renamed = _renamed(was, now)
    told = list(_told(new, was, now, renamed))
    around = differences.lines(
        states.text(states.around(before)), states.text(states.around(after))
    )
    if around:
        told.append(_finding(new, "workflow-changed", "The workflow's own members", diff=around))
    drawn = _drawn(states.graph(before), states.graph(after), _marks(was, now, renamed), renamed)
    yield _finding(new, "workflow", _summary(told), graph=drawn)
    yield from told


def _renamed(was: Mapping[str, State], now: Mapping[str, State]) -> dict[str, str]:
    """New name -> old name of states that differ only in their names."""
    gone = [name for name in was if name not in now]
    found: dict[str, str] = {}
    for name in now:
        if name in was:
            continue
        shape = _shape(now[name])
        same = [old for old in gone if old not in found.values() and _shape(was[old]) == shape]
        if same:
            found[name] = same[0]
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
            found[key] = [item | {"Next": new.get(item["Next"], item["Next"])} for item in value]
    return found


def _told(
    machine: Resource,
    was: Mapping[str, State],
    now: Mapping[str, State],
    renamed: Mapping[str, str],
) -> Iterator[Finding]:
    for name, old in renamed.items():
        yield _finding(machine, "state-renamed", f"State “{old}” is now called “{name}”")
    for name, state in now.items():
        old_name = renamed.get(name, name)
        if old_name not in was:
            diff = tuple(f"+{line}" for line in states.text(states.own(state)).splitlines())
            yield _finding(machine, "state-added", f"State “{name}” is new", diff=diff)
            continue
        before, after = _translated(was[old_name], renamed), states.own(state)
        if before != after:
            yield from _changed(machine, name, before, after)
    for name, state in was.items():
        if name not in now and name not in renamed.values():
            diff = tuple(f"-{line}" for line in states.text(states.own(state)).splitlines())
            yield _finding(machine, "state-removed", f"State “{name}” is gone", diff=diff)


def _changed(machine: Resource, name: str, before: State, after: State) -> Iterator[Finding]:
    diff = differences.lines(states.text(before), states.text(after))
    keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    title = f"State “{name}”: {', '.join(keys)} changed"
    yield _finding(machine, "state-changed", title, diff=diff)
    lost = [key for key in _SAFEGUARDS if key in before and key not in after]
    if lost:
        yield Finding(
            section=Section.HURT,
            rule="safeguard-lost",
            severity=Severity.ATTENTION,
            title=f"State “{name}” has no {' and no '.join(lost)} any more",
            why="Its errors are no longer retried, caught or timed out.",
            subject=machine.path,
            logical_id=machine.key[1],
        )


def _summary(told: list[Finding]) -> str:
    counts = {
        word: sum(finding.rule == f"state-{word}" for finding in told)
        for word in ("added", "removed", "renamed", "changed")
    }
    parts = [f"{count} {word}" for word, count in counts.items() if count]
    return f"States: {', '.join(parts)}" if parts else "The workflow changed around its states"


def _marks(
    was: Mapping[str, State], now: Mapping[str, State], renamed: Mapping[str, str]
) -> dict[str, Mark]:
    found: dict[str, Mark] = {
        name: "removed" for name in was if name not in now and name not in renamed.values()
    }
    for name, state in now.items():
        old = was.get(renamed.get(name, name))
        if old is None:
            found[name] = "added"
        elif name in renamed or _translated(old, renamed) != states.own(state):
            found[name] = "changed"
    return found


def _drawn(
    before: Graph, after: Graph, marks: Mapping[str, Mark], renamed: Mapping[str, str]
) -> Graph:
    """Both sides in one drawing, removed states beside their replacements."""
    new = {old: name for name, old in renamed.items()}
    nodes = [replace(node, mark=marks.get(node.name, "same")) for node in after.nodes]
    gone = [node for node in before.nodes if marks.get(node.name) == "removed"]
    nodes += [replace(node, mark="removed", parent=_parent(node, new)) for node in gone]
    was = {_way(edge, new) for edge in before.edges}
    kept = {_way(edge, {}) for edge in after.edges}
    edges = [
        replace(edge, mark="same" if _way(edge, {}) in was else "added") for edge in after.edges
    ]
    edges += [
        replace(edge, source=way[0], target=way[1], mark="removed")
        for edge in before.edges
        if (way := _way(edge, new)) not in kept
    ]
    return Graph(nodes=tuple(nodes), edges=tuple(edges))


def _parent(node: Node, new: Mapping[str, str]) -> str | None:
    return None if node.parent is None else new.get(node.parent, node.parent)


def _way(edge: Edge, new: Mapping[str, str]) -> tuple[str, str, str]:
    source, target = new.get(edge.source, edge.source), new.get(edge.target, edge.target)
    return source, target, "error" if edge.error else ""
