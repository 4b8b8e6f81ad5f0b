"""``tfbatch review``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tfbatch.terminal.options import json_option
from tfbatch.terminal.problem import Problem

if TYPE_CHECKING:
    from tfbatch.review.request import ChangeSet
    from tfbatch.terminal.output import Output


@click.command()
@click.option("--base", metavar="REF", help="What it is compared with: a commit.")
@click.option(
    "--head",
    default="WORKTREE",
    show_default=True,
    metavar="REF",
    help="What is reviewed: a commit, or the working tree as it is.",
)
@click.option(
    "--head-assembly",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    help="What is reviewed, already synthesized with --synthesize. It is read as data.",
)
@click.option(
    "--synthesize",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Only synthesize --head into a folder, for --head-assembly. It runs the head's code.",
)
@click.option(
    "--post",
    is_flag=True,
    help="Only post the review in --out to the pull request of this CI job (GitHub, GitLab, "
    "Bitbucket), or, if there is none, that it failed.",
)
@click.option(
    "--stage", "stages", multiple=True, metavar="NAME", help="Only this stage. Repeatable."
)
@click.option(
    "--policy",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A file of rules and exceptions of your own. [default: review-policy.json, if it exists]",
)
@click.option(
    "--format",
    "formats",
    multiple=True,
    type=click.Choice(("md", "html", "json", "sarif", "bitbucket.md")),
    help="Only this form. Repeatable. [default: all but bitbucket.md, whose comments show no HTML]",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("review"),
    show_default=True,
    help="Where review.md, review.html, review.json and review.sarif go.",
)
@click.option(
    "--deployed",
    is_flag=True,
    help="Compare with what is deployed (read-only), and say where that isn't the base.",
)
@click.option(
    "--change-set",
    type=click.Choice(("auto", "never")),
    default="auto",
    show_default=True,
    help="With --deployed: ask CloudFormation by a change set which resources it replaces. It is "
    "deleted and never executed. auto: where the credentials may.",
)
@json_option
@click.pass_context
def review(  # noqa: PLR0913 # one for each option
    ctx: click.Context,
    *,
    base: str | None,
    head: str,
    head_assembly: Path | None,
    synthesize: Path | None,
    post: bool,
    stages: tuple[str, ...],
    policy: Path | None,
    formats: tuple[str, ...],
    out: Path,
    deployed: bool,
    change_set: ChangeSet,
    output: Output,
) -> None:
    """Say what a change of the infrastructure does.

    What could hurt, and what it costs. Synthesizes both sides, without credentials, and compares
    them. The exit code is 0 when a rule explains each change as harmless, 3 when it needs
    attention, 4 when it is destructive, 1 when it can't be made.
    """
    from tfbatch import project  # noqa: PLC0415
    from tfbatch.review import main as reviews  # noqa: PLC0415
    from tfbatch.review.errors import ReviewError  # noqa: PLC0415
    from tfbatch.review.post import main as posting  # noqa: PLC0415
    from tfbatch.review.request import Request  # noqa: PLC0415

    if [base is not None, synthesize is not None, post].count(True) != 1:
        raise click.UsageError(
            "Name one of --base, to review, --synthesize, to prepare that, and --post, to post it."
        )
    if post:
        ctx.exit(posting.main([str(out)], os.environ))
    folder = project.directory()
    try:
        if synthesize is not None:
            reviews.synthesize(head, repository=folder, out=synthesize)
            output.say(f"Synthesized {head} into {synthesize}.")
            return
        request = Request(
            repository=folder,
            base=str(base),
            head=head,
            head_assembly=head_assembly,
            stages=stages,
            deployed=deployed,
            change_set=change_set,
            policy=policy,
        )
        ctx.exit(reviews.run(request, formats=formats or reviews.FORMATS, out=out, output=output))
    except ReviewError as error:
        raise Problem(str(error)) from error
