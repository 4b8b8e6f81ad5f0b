"""Records for a model of one's own: made by its signature, the same at every run."""

from __future__ import annotations

import csv
import io
import json
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tfbatch.demo import photos
from tfbatch.demo.errors import DemoError
from tfbatch.demo.runs import Run
from tfbatch.results.prediction import parse
from tfbatch_handler.signature import FLOATS, STRING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from tfbatch.demo.display import Display
    from tfbatch_cdk.settings import Format, Stage
    from tfbatch_handler.signature import Signature, Tensor

_COUNT = 12
_FREE = 3
"""Elements of a dimension whose size isn't fixed."""
_WORDS = ("a good film", "quite boring", "see it twice", "never again", "the actors are great")
_PHOTOGRAPHS = "photos"
"""Where :func:`tfbatch.demo.photos.collect` writes JPEG files."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Records:
    """The demo's data for a model of one's own."""

    runs: tuple[Run, ...]
    texts: Mapping[str, Sequence[str]]
    """Name of a run's format -> its records, for the table."""

    def summary(self) -> tuple[str, str]:
        """What was made: a title and a detail."""
        return f"{_COUNT} records", "made from the model's signature, as " + ", ".join(self.texts)

    def show(self, display: Display, outputs: Sequence[Mapping[str, list[str]]]) -> None:
        """Show each record and its prediction, and how many have one.

        Raises:
            DemoError: a record has no line, or none of any format has a prediction.
        """
        predicted = 0
        for run, found in zip(self.runs, outputs, strict=True):
            records = self.texts[run.format]
            lines = [line for name in sorted(found) for line in found[name]]
            if len(lines) != len(records):
                raise DemoError(
                    f"{len(records)} {run.format} records have {len(lines)} lines of output"
                )
            errors = [parse(line.encode()).error for line in lines]
            display.records(run.format, list(zip(records, lines, errors, strict=True)))
            good = errors.count(None)
            display.say(f"{run.title}: {good} of {len(records)} records have a prediction.")
            predicted += good
        if not predicted:
            raise DemoError(
                f"no record got a prediction of {self.runs[0].model}: the lines above say why; use "
                "'tfbatch run' with data of your own"
            )


def collect(directory: Path, stage: Stage, signature: Signature) -> Records:
    """Write records to ``directory``, a folder for each format that the demo can write.

    A model that takes images gets the demo's photographs.

    Raises:
        DemoError: the stage has no such format.
    """
    values = [_record(signature, random.Random(number)) for number in range(_COUNT)]  # noqa: S311
    folders: dict[str, str] = {}
    texts: dict[str, Sequence[str]] = {}
    for name, one in stage.formats.items():
        if one.content_type.startswith("image/"):
            folders[name] = _PHOTOGRAPHS
        elif write := _writer(one, signature):
            file, lines = write(values, signature)
            (directory / name).mkdir(parents=True)
            (directory / name / file).write_text("".join(f"{line}\n" for line in lines))
            folders[name], texts[name] = name, lines[-_COUNT:]
    if _PHOTOGRAPHS in folders.values():
        names = sorted(photos.collect(directory).jpegs)
        texts |= {name: names for name, folder in folders.items() if folder == _PHOTOGRAPHS}
    if not folders:
        raise DemoError(
            f"the demo can write images, CSV and JSON Lines, and stage {stage.name} has formats "
            f"{', '.join(stage.formats)}: use 'tfbatch run' with data of your own"
        )
    model = stage.models[0].name
    return Records(
        runs=tuple(
            Run(title=name, format=name, folder=folder, model=model)
            for name, folder in folders.items()
        ),
        texts=texts,
    )


def _writer(one: Format, signature: Signature) -> Callable[..., tuple[str, list[str]]] | None:
    """What writes records of a format as text; ``None`` if the demo can't."""
    kind, _, parameters = one.content_type.partition(";")
    has_header = "header=present" in parameters
    if any(name.endswith("_bytes") for name in signature.inputs):  # by TensorFlow Serving's rule
        return None
    if kind == "application/jsonlines":
        return _json_lines
    if kind == "text/csv" and has_header and all(map(_is_single, signature.inputs.values())):
        return _csv_with_header
    if kind == "text/csv" and not has_header and len(signature.inputs) == 1:
        return _csv
    return None


def _json_lines(
    records: Sequence[Mapping[str, Any]], signature: Signature
) -> tuple[str, list[str]]:
    lone = len(signature.inputs) == 1
    values = (next(iter(one.values())) if lone else one for one in records)
    return "records.jsonl", [json.dumps(value) for value in values]


def _csv(records: Sequence[Mapping[str, Any]], _: Signature) -> tuple[str, list[str]]:
    return "records.csv", [_row(_flat(next(iter(one.values())))) for one in records]


def _csv_with_header(
    records: Sequence[Mapping[str, Any]], signature: Signature
) -> tuple[str, list[str]]:
    header = list(signature.inputs)
    rows = [_row(next(_flat(one[name])) for name in header) for one in records]
    return "records.csv", [_row(header), *rows]


def _row(cells: Iterator[Any] | Sequence[Any]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue()


def _flat(value: Any) -> Iterator[Any]:  # noqa: ANN401 # a JSON value
    if isinstance(value, list):
        for one in value:
            yield from _flat(one)
    else:
        yield value


def _record(signature: Signature, chance: random.Random) -> dict[str, Any]:
    return {
        name: _value(tensor, _shape(tensor), chance) for name, tensor in signature.inputs.items()
    }


def _shape(tensor: Tensor) -> tuple[int, ...]:
    """The shape of a record: without the batch."""
    return tuple(size if size >= 0 else _FREE for size in (tensor.shape or (-1,))[1:])


def _is_single(tensor: Tensor) -> bool:
    return all(size == 1 for size in _shape(tensor))


def _value(tensor: Tensor, shape: tuple[int, ...], chance: random.Random) -> Any:  # noqa: ANN401
    if shape:
        return [_value(tensor, shape[1:], chance) for _ in range(shape[0])]
    if tensor.dtype == STRING:
        return chance.choice(_WORDS)
    if tensor.dtype in FLOATS:
        return round(chance.random(), 3)
    return chance.random() < 1 / 2 if tensor.dtype == "BOOL" else chance.randrange(10)
