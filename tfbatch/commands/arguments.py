"""Arguments that several commands take."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from tfbatch.export.variant import DECODES

_MOST = 20


def _complete(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete executions, the newest first; nothing if AWS can't be reached."""
    from itertools import islice  # noqa: PLC0415

    from tfbatch.aws.deployed_outputs import Deployed  # noqa: PLC0415
    from tfbatch.aws.session import Session  # noqa: PLC0415

    said = ctx.params
    session = Session(
        stage=said.get("stage") or "dev", region=said.get("region"), profile=said.get("profile")
    )
    try:
        recent = Deployed.find(session).executions(session).recent()
        fitting = (one for one in recent if one["name"].startswith(incomplete))
        return [CompletionItem(one["name"], help=one["status"]) for one in islice(fitting, _MOST)]
    except Exception:  # noqa: BLE001 # a prompt must not show errors
        return []


execution_argument = click.argument("execution", required=False, shell_complete=_complete)
"""``execution: str | None``, for ``Executions.find``."""

decode_option = click.option(
    "--decode",
    type=click.Choice(DECODES),
    default=DECODES[0],
    show_default=True,
    help="Large JPEG files: in full size, or faster, smaller but no less than the model needs.",
)
"""``decode: Decode``."""
