"""``tfbatch prices``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tfbatch.terminal.options import json_option
from tfbatch.terminal.problem import explained

if TYPE_CHECKING:
    from tfbatch.prices.sources import Source
    from tfbatch.terminal.output import Output


@click.command()
@click.option(
    "--region",
    "regions",
    multiple=True,
    metavar="NAME",
    help="Whose prices; may be given several times.  [default: the regions in the table]",
)
@click.option(
    "--source",
    type=click.Choice(["api", "files"]),
    default="api",
    show_default=True,
    help="The Price List API, which asks for AWS credentials, or AWS's public files.",
)
@click.option("--url", metavar="URL", help="A mirror of the public files.")
@click.option("--profile", metavar="NAME", help="AWS profile.  [default: the AWS CLI's]")
@click.option(
    "--file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The table to write.  [default: stacks/tfbatch_cdk/settings/prices.json]",
)
@json_option
def prices(  # noqa: PLR0913 # one for each option
    *,
    regions: tuple[str, ...],
    source: str,
    url: str | None,
    profile: str | None,
    file: Path | None,
    output: Output,
) -> None:
    """Read AWS's hourly prices into the table of estimates.

    Estimates and summaries name the date of the prices that they use. Commit the table: it is part
    of what a pull request shows.
    """
    from tfbatch.prices.refresh import refresh  # noqa: PLC0415
    from tfbatch_cdk.settings.prices import FILE, table  # noqa: PLC0415

    file = file or FILE
    with explained():
        found = refresh(file, regions or table(), _source(source, url, profile))
    output.emit(found)
    for region, entry in found.items():
        output.say(f"{region}: {len(entry['usd_per_hour'])} instance types, {entry['read']}")
    output.say(f"Written to {file}.")


def _source(name: str, url: str | None, profile: str | None) -> Source:
    from tfbatch.prices.sources import PUBLIC_URL, Api, Files  # noqa: PLC0415

    if name == "files":
        return Files(url or PUBLIC_URL)
    import boto3  # noqa: PLC0415

    return Api(boto3.Session(profile_name=profile))
