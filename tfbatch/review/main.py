"""``tfbatch review``: synthesizes two revisions, compares them, and writes the review."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

from tfbatch.review.compare.packages import package_findings
from tfbatch.review.errors import ReviewError
from tfbatch.review.render import words
from tfbatch.review.review import Review, compare
from tfbatch.review.sides import assembly, deployed, revision, synthesis

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tfbatch.review.finding import Finding
    from tfbatch.review.sides.assembly import Stage
    from tfbatch.terminal.output import Output

FORMATS = ("md", "html", "json")


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """The revisions and stages to review."""

    repository: Path
    base: str
    head: str
    stages: Sequence[str] = ()
    """Empty: every stage."""
    deployed: bool = False
    """Compare with the deployed stacks, and report where they differ from the base."""


def run(request: Request, *, formats: Sequence[str], out: Path, output: Output) -> int:
    """Review a change, print the result, and return the exit code."""
    review = make(request, cache=request.repository / ".cache" / "review")
    written = write(review, out=out, formats=formats)
    output.say(f"{words.VERDICTS[review.severity]}. {review.headline}")
    if output.as_json:
        output.emit(json.loads(_rendered(review, "json")))
    click.echo(f"Written: {', '.join(str(file) for file in written)}", err=True)
    return int(review.severity)


def make(request: Request, *, cache: Path) -> Review:
    """Review a change.

    Raises:
        ReviewError: a revision is unknown, can't be synthesized, or lacks a requested stage.
    """
    base, head = (
        revision.resolve(name, repository=request.repository)
        for name in (request.base, request.head)
    )
    made = synthesis.synthesize([base, head], repository=request.repository, cache=cache)
    before = load(made[base.tree], wanted=request.stages)
    after = load(made[head.tree], wanted=request.stages)
    unknown = set(request.stages) - {stage.name for stage in (*before, *after)}
    if unknown:
        known = sorted({stage.name for stage in (*load(made[base.tree]), *load(made[head.tree]))})
        raise ReviewError(
            f"--stage {', '.join(sorted(unknown))}: no such stage on either side; there are "
            f"{', '.join(known)}"
        )
    more = package_findings(base, head, repository=request.repository)
    if request.deployed:
        return _from_deployed(before, after, more=more, base_name=str(base), head_name=str(head))
    return compare(base=before, head=after, more=more, base_name=str(base), head_name=str(head))


def _from_deployed(
    base: Sequence[Stage],
    head: Sequence[Stage],
    *,
    base_name: str,
    head_name: str,
    more: Sequence[Finding],
) -> Review:
    """Compare with the deployed stacks, and with the base where nothing is deployed."""
    known = [*base, *head]
    real = {stage.name: deployed.deployed(stage, known=known) for stage in base}
    start = [real[stage.name] or stage for stage in base]
    name = f"what is deployed, {base_name}"
    drifted = compare(base=start, head=base, base_name=name, head_name=base_name)
    absent = deployed.missing([stage for stage, found in real.items() if found is None])
    review = compare(base=start, head=head, base_name=name, head_name=head_name, more=more)
    return replace(review, findings=(*deployed.drift(drifted), *review.findings, *absent))


def load(folder: Path, *, wanted: Sequence[str] = ()) -> list[assembly.Stage]:
    """Load the stages of one revision."""
    found = sorted(path.parent for path in folder.glob("*/manifest.json"))
    return [assembly.load(path) for path in found if not wanted or path.name in wanted]


def write(review: Review, *, out: Path, formats: Sequence[str]) -> list[Path]:
    """Write ``review.md``, ``review.html`` and ``review.json``, as ``formats`` lists them."""
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for name in formats:
        file = out / f"review.{name}"
        file.write_text(_rendered(review, name))
        written.append(file)
    return written


def _rendered(review: Review, name: str) -> str:
    from tfbatch.review.render import document, markdown, page  # noqa: PLC0415 # only what is asked for

    match name:
        case "md":
            return markdown.markdown(review)
        case "html":
            return page.page(review)
        case _:
            return document.document(review)
