"""Reviews a change against what is deployed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tfbatch.review.compare import cloudformation, replacements
from tfbatch.review.errors import ReviewError
from tfbatch.review.finding import Finding, Section, Severity
from tfbatch.review.review import compare
from tfbatch.review.sides.deployed import change_sets, drift
from tfbatch.review.sides.deployed import stacks as deployed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tfbatch.review.compare.cloudformation import Comparison
    from tfbatch.review.request import Request
    from tfbatch.review.review import Review
    from tfbatch.review.sides.assembly import Stage
    from tfbatch.review.sides.deployed.change_sets import Plan
    from tfbatch.review.sides.loading import Side


def review(request: Request, base: Side, head: Side, **more: Any) -> Review:  # noqa: ANN401
    """Compare with the deployed stacks, and with the base where nothing is deployed.

    Args:
        request: what is asked.
        base: the base.
        head: the head.
        more: further findings and rules, as :func:`~tfbatch.review.review.compare` takes them.
    """
    known = [*base.stages, *head.stages]
    real = {stage.name: deployed.deployed(stage, known=known) for stage in base.stages}
    start = [real[stage.name] or stage for stage in base.stages]
    name = f"what is deployed, {base.name}"
    drifted = compare(base=start, head=base.stages, base_name=name, head_name=base.name)
    pairs = _pairs(start, head)
    compared, planned = _planned(request, real, pairs, reviewed=head.name)
    made = compare(
        base=start,
        head=head.stages,
        base_name=name,
        head_name=head.name,
        compared=compared,
        **more,
    )
    by_hand = [one for stage in real.values() if stage for one in drift.findings(stage)]
    absent = deployed.missing([stage for stage, found in real.items() if found is None])
    found = (*deployed.drift(drifted), *by_hand, *planned, *made.findings, *absent)
    return replace(made, findings=found)


def _pairs(start: Sequence[Stage], head: Side) -> list[tuple[Stage, Stage]]:
    """The stages that both sides have, in the head's order."""
    before = {stage.name: stage for stage in start}
    return [(before[after.name], after) for after in head.stages if after.name in before]


def _planned(
    request: Request,
    real: Mapping[str, Stage | None],
    pairs: Sequence[tuple[Stage, Stage]],
    *,
    reviewed: str,
) -> tuple[list[Comparison], list[Finding]]:
    """The differences of each stage with CloudFormation's plans, and what those say."""
    compared = cloudformation.compare(pairs)
    findings: list[Finding] = []
    for number, (before, after) in enumerate(pairs):
        stacks = sorted({one.stack for one in compared[number].differences})
        top = [one for one in stacks if _is_kept_top(before, after, one)]
        if not top or real[before.name] is None:
            continue
        if reason := _unwanted(request):
            found = [_templates_only(reason)]
        else:
            plans, failed = _plans(before, after, top, reviewed=reviewed)
            compared[number], said = replacements.combined(before, after, compared[number], plans)
            found = [*failed, *said]
        findings += [replace(one, stages=(after.name,)) for one in found]
    return compared, findings


def _is_kept_top(base: Stage, head: Stage, stack: str) -> bool:
    return cloudformation.is_kept(base, head, stack) and not head.stacks[stack].parent


def _unwanted(request: Request) -> str:
    """Why no change set is asked for; empty if it is."""
    if request.change_set == "never":
        return "`--change-set never` was given"
    if request.head_assembly is not None:
        return (
            "the head was synthesized elsewhere, and a change set of a stranger's template would "
            "act with these credentials"
        )
    return ""


def _plans(
    base: Stage, head: Stage, stacks: Sequence[str], *, reviewed: str
) -> tuple[dict[str, Plan], list[Finding]]:
    plans = {}
    failed = []
    for name in stacks:
        try:
            plans[name] = change_sets.plan(base.stacks[name], head.stacks[name], reviewed=reviewed)
        except ReviewError as error:
            failed.append(_not_made(head.stacks[name].deployed_name, str(error)))
    return plans, [*failed, *_nested(head, plans)]


def _nested(head: Stage, plans: Mapping[str, Plan]) -> Iterator[Finding]:
    """A sentence for the nested stacks, which a change set of their parent doesn't go into."""
    names = [stack.deployed_name for stack in head.stacks.values() if stack.parent]
    if plans and names:
        yield _templates_only(f"change sets leave out nested stacks: {', '.join(sorted(names))}")


def _templates_only(reason: str) -> Finding:
    return Finding(
        section=Section.CHECKS,
        rule="templates-only",
        title=f"Only templates were compared: {reason}",
    )


def _not_made(stack: str, reason: str) -> Finding:
    return Finding(
        section=Section.CHECKS,
        rule="change-set-not-made",
        severity=Severity.ATTENTION,
        title=f"Only the templates of {stack} were compared, because no change set could be made",
        why=f"{reason.rstrip('.')}. It needs `cloudformation:CreateChangeSet`, `DescribeChangeSet` "
        "and `DeleteChangeSet`, or the right to assume the bootstrap's deploy role, and for a "
        "large template the bootstrap's bucket and publishing role.",
    )
