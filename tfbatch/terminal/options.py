"""Options that several commands share: stage, region, profile, ``--json``."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tfbatch.aws.session import DEFAULT_STAGE, Session
from tfbatch.terminal.output import Output

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., Any]")

_AWS = (
    click.option(
        "--stage",
        default=DEFAULT_STAGE,
        show_default=True,
        envvar="TFBATCH_STAGE",
        metavar="NAME",
        shell_complete=lambda *said: _stages(said[-1]),
        help="Which deployment, of stacks/stages.py.",
    ),
    click.option(
        "--stack",
        envvar="TFBATCH_STACK",
        metavar="NAME",
        help="A stack of your own with a BatchInference, and outputs as in examples/own_app.",
    ),
    click.option("--region", metavar="NAME", help="AWS region.  [default: the AWS CLI's]"),
    click.option("--profile", metavar="NAME", help="AWS profile.  [default: the AWS CLI's]"),
    click.option(
        "--show-aws",
        is_flag=True,
        help="Print the aws commands that do the same, and do nothing.",
    ),
)


def aws_options(command: F) -> F:
    """Give a command ``session: Session`` from the options of AWS."""

    @functools.wraps(command)
    def call(
        *arguments: object,
        stage: str,
        stack: str | None,
        region: str | None,
        profile: str | None,
        show_aws: bool,
        **more: object,
    ) -> object:
        session = Session(
            stage=stage, stack=stack, region=region, profile=profile, show_aws=show_aws
        )
        return command(*arguments, session=session, **more)

    for option in reversed(_AWS):
        call = option(call)
    return call  # type: ignore[return-value] # its signature is the command's, less the session


def json_option(command: F) -> F:
    """Give a command ``output: Output`` from ``--json``."""

    @functools.wraps(command)
    def call(*arguments: object, as_json: bool, **more: object) -> object:
        return command(*arguments, output=Output(as_json), **more)

    option = click.option(
        "--json", "as_json", is_flag=True, help="JSON on stdout; people's text goes to stderr."
    )
    return option(call)  # type: ignore[return-value]


def _stages(incomplete: str) -> list[str]:
    from tfbatch import project  # noqa: PLC0415 # only for shell completion

    stages = project.stages() if project.find() else ()
    return [stage.name for stage in stages if stage.name.startswith(incomplete)]
