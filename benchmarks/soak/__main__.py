"""``python -m benchmarks.soak PART…``: soaks a sandbox, and writes docs/reliability.md.

Parts: ``jobs``, ``executions``, ``shards``, ``runs``; each has a sandbox of its own, and takes some
minutes. The status is 1 if something was lost.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import click

from benchmarks import document
from benchmarks.soak import parts

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.soak.parts import Result

_PARTS: Final[dict[str, Callable[[int], Result]]] = {
    "jobs": parts.jobs,
    "executions": parts.executions,
    "shards": parts.shards,
    "runs": parts.runs,
}
_COUNTS: Final = {"jobs": 500, "executions": 500, "shards": 20_000, "runs": 200}


@click.command()
@click.argument("chosen", metavar="PART...", nargs=-1, type=click.Choice(list(_PARTS)))
@click.option("--count", type=int, help="Jobs, executions, objects or runs. [default: all]")
def main(*, chosen: tuple[str, ...], count: int | None) -> None:
    """Soak a sandbox."""
    is_lost = False
    for name in chosen or tuple(_PARTS):
        begun = time.monotonic()
        result = _PARTS[name](count or _COUNTS[name])
        minutes = (time.monotonic() - begun) / 60
        measured = f"{minutes:.1f} minutes with the deployment. Measured on {document.machine()}."
        text = f"{result.text}\n\n{measured}"
        click.echo(text)
        document.write(f"soak-{name}", text, document.RELIABILITY)
        is_lost |= result.is_lost
    raise SystemExit(is_lost)


if __name__ == "__main__":
    main()
