"""``tfbatch review``: synthesizes two revisions, compares them, and writes the review."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from tfbatch.review import deployment
from tfbatch.review.compare import locks
from tfbatch.review.compare.rules import policies
from tfbatch.review.errors import ReviewError
from tfbatch.review.render import words
from tfbatch.review.render.sarif import lines_of
from tfbatch.review.review import Review, compare
from tfbatch.review.sides import revision, synthesis
from tfbatch.review.sides.loading import load_both

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tfbatch.review.compare.rules.rule import Rule
    from tfbatch.review.finding import Finding
    from tfbatch.review.request import Request
    from tfbatch.review.sides.loading import Side
    from tfbatch.terminal.output import Output

FORMATS = ("md", "html", "json", "sarif")
POLICY = "review-policy.json"
"""The project's own rules and exceptions."""


def run(request: Request, *, formats: Sequence[str], out: Path, output: Output) -> int:
    """Review a change, print the result, and return the exit code."""
    review = make(request, cache=request.repository / ".cache" / "review")
    written = write(review, out=out, formats=formats)
    output.say(f"{words.VERDICTS[review.severity]}. {review.headline}")
    if output.as_json:
        output.emit(json.loads(_rendered(review, "json")))
    click.echo(f"Written: {', '.join(str(file) for file in written)}", err=True)
    return int(review.severity)


def synthesize(name: str, *, repository: Path, out: Path) -> None:
    """Synthesize one revision for a review elsewhere. It runs the revision's code.

    Raises:
        ReviewError: the revision is unknown or can't be synthesized, or ``out`` isn't empty.
    """
    if out.exists() and any(out.iterdir()):
        raise ReviewError(f"{out} isn't empty: name a new folder")
    side = revision.resolve(name, repository=repository)
    cache = repository / ".cache" / "review"
    made = synthesis.synthesize([side], repository=repository, cache=cache)
    shutil.copytree(made[side.tree], out, dirs_exist_ok=True, symlinks=True)


def make(request: Request, *, cache: Path) -> Review:
    """Review a change.

    Raises:
        ReviewError: a revision is unknown, can't be synthesized, or lacks a requested stage.
    """
    base, head = load_both(request, cache)
    policy = _policy(request)
    more = locks.findings(base.locks, head.locks)
    if request.deployed:
        found = deployment.review(request, base, head, more=more, policy=policy.rules)
    else:
        found = _compared(base, head, more=more, policy=policy.rules)
    findings = tuple(policy.applied(found.findings, today=datetime.now(UTC).date()))
    subjects = {finding.subject for finding in findings if finding.severity}
    lines = lines_of(subjects, sources=request.repository)
    tools = (base.locks.packages.used, head.locks.packages.used)
    return replace(found, findings=findings, lines=lines, tools=tools)


def _policy(request: Request) -> policies.Policy:
    """The policy that is named, or the one that lies where one stands: never the head's."""
    default = request.repository / POLICY
    path = request.policy or (default if default.is_file() else None)
    return policies.read(path) if path else policies.Policy()


def _compared(base: Side, head: Side, *, more: Sequence[Finding], policy: Sequence[Rule]) -> Review:
    return compare(
        base=base.stages,
        head=head.stages,
        base_name=base.name,
        head_name=head.name,
        more=more,
        policy=policy,
    )


def write(review: Review, *, out: Path, formats: Sequence[str]) -> list[Path]:
    """Write ``review.md``, ``review.html``, ``review.json``, … as ``formats`` lists them."""
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for name in formats:
        file = out / f"review.{name}"
        file.write_text(_rendered(review, name))
        written.append(file)
    return written


def _rendered(review: Review, name: str) -> str:
    from tfbatch.review.render import document, markdown, page, sarif  # noqa: PLC0415 # only what is asked for

    match name:
        case "md":
            return markdown.markdown(review)
        case "bitbucket.md":
            return markdown.bitbucket(review)
        case "html":
            return page.page(review)
        case "sarif":
            return sarif.sarif(review)
        case _:
            return document.document(review)
