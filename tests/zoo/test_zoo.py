"""Every model of the zoo, in every format that it takes, predicts as plain TensorFlow does.

``UPDATE_SNAPSHOTS=1 python -m pytest tests/zoo`` writes the table of the README.
"""

from __future__ import annotations

import base64
import io
import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from tests.paths import REPOSITORY
from tests.tfbatch_handler.serving import OldContext
from tests.zoo.animals import NAMES, REFUSED, SERVED
from tests.zoo.payloads import FORMATS, Payloads
from tfbatch.inspect.inspection import inspect
from tfbatch.models import pinning
from tfbatch_cdk.errors import SettingsError
from tfbatch_cdk.model.artifact import artifact_of
from tfbatch_cdk.model.saved_model import signature_of
from tfbatch_cdk.settings import Model
from tfbatch_handler.acceptance import problem
from tfbatch_handler.handler import Handler
from tfbatch_handler.protobuf import example

if TYPE_CHECKING:
    from pathlib import Path

    from tests.zoo.conftest import Animal, Zoo

PAGE = REPOSITORY / "README.md"
_YES, _NO, _NONE = "✓", "refused", "-"


def _model(animal: Animal) -> Model:
    return Model(
        name=animal.name.replace("_", "-"),
        directory=animal.directory,
        signature=animal.signature.name,
        requirements=None,
    )


def payloads_of(animal: Animal, name: str) -> Payloads:
    """The records in a format; none if they can't be written in it."""
    content_type, write = FORMATS[name]
    if problem(content_type, animal.signature):
        return []
    return write(animal.records, animal.signature)


def _lines(zoo: Zoo, animal: Animal, name: str, code: Path) -> list[dict[str, Any]]:
    """The handler's answers to all records in a format."""
    handler = Handler(code=code, environment={"TFBATCH_SIGNATURE": animal.signature.name})
    content_type, _ = FORMATS[name]
    context = OldContext(f"{zoo.url}/{animal.name}:predict", content_type, "application/jsonlines")
    lines: list[dict[str, Any]] = []
    try:
        for body, count in payloads_of(animal, name):
            answer, _ = handler(io.BytesIO(body), context)
            lines += [json.loads(line) for line in answer.decode().splitlines()]
            assert len(lines) >= count
    finally:
        handler.close()
    return lines


def rows_of(animal: Animal, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Predictions by output; a lone output has no name."""
    assert all("predictions" in line for line in lines), lines[:1]
    rows = [line["predictions"][0] for line in lines]
    if len(animal.signature.outputs) == 1:
        (name,) = animal.signature.outputs
        return [{name: row} for row in rows]
    return rows


def is_close(found: Any, wanted: Any) -> bool:  # noqa: ANN401 # JSON
    if isinstance(wanted, list):
        return len(found) == len(wanted) and all(map(is_close, found, wanted))
    if isinstance(wanted, float):
        return bool(found == pytest.approx(wanted, rel=1e-4, abs=1e-5))
    return bool(found == wanted)


def test_the_zoo_has_what_people_export(zoo: Zoo) -> None:
    assert list(zoo.models) == NAMES
    assert len(zoo.models) >= 25


@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_gives_the_predictions_of_plain_tensorflow(
    zoo: Zoo, tmp_path: Path, format_: str
) -> None:
    tried = []
    for name in SERVED:
        animal = zoo.models[name]
        if not payloads_of(animal, format_):
            continue
        rows = rows_of(animal, _lines(zoo, animal, format_, tmp_path))
        assert len(rows) == len(animal.predictions), name
        for row, wanted in zip(rows, animal.predictions, strict=True):
            assert row.keys() == wanted.keys(), name
            for output, value in wanted.items():
                assert is_close(row[output], value), f"{name} {output}: {row[output]} {value}"
        tried.append(name)
    assert tried


def test_the_feature_lists_that_tensorflow_writes_are_read(zoo: Zoo) -> None:
    animal = zoo.models["serialized_sequences"]
    for record, prediction in zip(animal.records, animal.predictions, strict=True):
        value = record["examples"]
        data = base64.b64decode(value["b64"]) if isinstance(value, dict) else value.encode()
        frames = example.feature(example.parse(data), "frames")
        assert is_close([sum(step) for step in zip(*frames, strict=True)], prediction["sums"])


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("batch_of_one", "input_tensor is uint8[1,?,?,3], and only a first dimension"),
        ("scalar_text", "text is string[], and only a first dimension"),
        ("keras_columns", None),
        ("ids_and_mask", None),
    ],
)
def test_inspect_says_why_records_are_predicted_one_at_a_time(
    zoo: Zoo, name: str, words: str | None
) -> None:
    said = inspect(str(zoo.models[name].directory), features={}).advice
    assert [str(words) in one and "model.export(FOLDER)" in one for one in said] == [True] * len(
        said
    )
    assert bool(said) is (words is not None)


def test_variables_without_a_value_are_those_that_stop_plain_tensorflow(zoo: Zoo) -> None:
    for name, animal in zoo.models.items():
        assert bool(animal.signature.unrestored) is not bool(animal.predictions), name


def test_what_cannot_be_served_is_refused_at_synthesis_and_from_its_lock(
    zoo: Zoo, tmp_path: Path
) -> None:
    for name, word in REFUSED.items():
        with pytest.raises(SettingsError, match=word):
            signature_of(_model(zoo.models[name]))
        directory = tmp_path / "models" / name
        pinning.pin(directory, str(zoo.models[name].directory))
        directory.rename(tmp_path / name)
        locked = Model(name="locked", directory=directory, requirements=None)
        with pytest.raises(SettingsError, match=word):
            signature_of(locked)


def test_every_model_is_inspected_and_synthesized_from_its_lock_alone(
    zoo: Zoo, tmp_path: Path
) -> None:
    for name in SERVED:
        animal = zoo.models[name]
        found = inspect(str(animal.directory), features={}, signature=animal.signature.name)
        assert found.is_servable, found.problem
        directory = tmp_path / "models" / name
        pinning.pin(directory, str(animal.directory))
        digest = artifact_of(_model(animal)).digest
        directory.rename(tmp_path / name)
        alone = Model(
            name="alone", directory=directory, signature=animal.signature.name, requirements=None
        )
        assert artifact_of(alone).digest == digest
        assert signature_of(alone) == animal.signature


def test_the_readme_has_the_table(zoo: Zoo) -> None:
    rows = [f"| model | {' | '.join(FORMATS)} |", f"| --- |{' --- |' * len(FORMATS)}"]
    for name, animal in zoo.models.items():
        cells = [_cell(animal, one) for one in FORMATS]
        rows.append(f"| {name.replace('_', ' ')} `{_inputs(animal)}` | {' | '.join(cells)} |")
    text = "\n" + "\n".join(rows) + "\n"
    begin, end = "<!-- zoo -->", "<!-- /zoo -->"
    before, _, rest = PAGE.read_text().partition(begin)
    shown, _, after = rest.partition(end)
    if os.environ.get("UPDATE_SNAPSHOTS"):
        PAGE.write_text(before + begin + text + end + after)
        shown = text
    assert shown == text


def _cell(animal: Animal, format_: str) -> str:
    if animal.name in REFUSED or problem(FORMATS[format_][0], animal.signature):
        return _NO
    return _YES if payloads_of(animal, format_) else _NONE


def _inputs(animal: Animal) -> str:
    return ", ".join(map(str, animal.signature.inputs.values()))
