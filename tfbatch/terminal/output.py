"""Writes results: lines for people, JSON documents for programs.

With ``--json`` stdout has only JSON (one document, or a line for each event), and text for people
goes to stderr. Without it, text for people goes to stdout.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console

_FILE_WIDTH = 200
"""Characters of a line without a terminal."""


@dataclass(frozen=True, slots=True)
class Output:
    """Where text and documents go."""

    as_json: bool

    def emit(self, document: object) -> None:
        """Print a document on a line of its own, with ``--json``.

        Args:
            document: of JSON types and of types with ``isoformat`` (times).
        """
        if self.as_json:
            click.echo(json.dumps(document, ensure_ascii=False, default=_encoded))

    def say(self, text: str) -> None:
        """Print a line for people."""
        click.echo(text, err=self.as_json)

    def console(self) -> Console:
        """Return rich's console for people."""
        from rich.console import Console  # noqa: PLC0415 # a tenth of a second

        console = Console(stderr=self.as_json, highlight=False, soft_wrap=True)
        if not console.is_terminal:
            console.width = _FILE_WIDTH
        return console


def _encoded(value: Any) -> str:  # noqa: ANN401 # any type that json doesn't know
    if hasattr(value, "isoformat"):
        text: str = value.isoformat()
        return text
    raise TypeError(f"{type(value).__name__} is not of JSON's types")
