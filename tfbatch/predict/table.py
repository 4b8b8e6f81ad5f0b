"""Prints the answers of an endpoint as a table."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table
from rich.text import Text

from tfbatch.predict.invoke import is_error

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tfbatch.predict.invoke import Answer

    Row = tuple[str, str | Text, str, str]

_WIDEST = 100
"""Maximum characters of a prediction without classes."""


def table(answers: Iterable[Answer]) -> Table:
    """A row for each record: the likeliest class, its probability, the next ones."""
    made = Table(box=box.SIMPLE_HEAD, header_style="bright_black", pad_edge=False)
    made.add_column("file", overflow="fold")
    made.add_column("prediction", overflow="fold")
    made.add_column("probability", justify="right")
    made.add_column("then", style="bright_black", overflow="fold")
    for answer in answers:
        for row in _rows(answer):
            made.add_row(*row)
    return made


def _rows(answer: Answer) -> Iterator[Row]:
    if answer.error is not None:
        yield answer.file, Text(answer.error, style="red"), "", ""
    for number, prediction in enumerate(answer.predictions):
        name = answer.file if len(answer.predictions) == 1 else f"{answer.file} #{number}"
        yield (name, *_cells(prediction))


def _cells(prediction: Any) -> tuple[str | Text, str, str]:  # noqa: ANN401 # any JSON
    """The cells of the handler's ``top_k``. Other predictions are shown unchanged."""
    if is_error(prediction):
        said = prediction["error"]
        return Text(f"{said.get('code')}: {said.get('message')}", style="red"), "", ""
    if isinstance(prediction, dict) and prediction.get("top_k"):
        (first, *others) = prediction["top_k"]
        then = ", ".join(f"{_name(one)} {one['probability']:.1%}" for one in others[:2])
        return Text(_name(first), style="bold"), f"{first['probability']:.1%}", then
    text = prediction if isinstance(prediction, str) else json.dumps(prediction)
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…", "", ""


def _name(entry: dict[str, Any]) -> str:
    """The label of a class, or its number without labels."""
    return str(entry.get("label", entry.get("class")))
