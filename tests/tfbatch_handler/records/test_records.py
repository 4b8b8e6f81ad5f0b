"""Each record is what plain TensorFlow predicts for its values, or an error line that says why."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.tfbatch_handler.records.cases import CASES, Case
from tests.tfbatch_handler.serving import OldContext
from tfbatch_handler.signature import SignatureError, read_saved_model, servable

if TYPE_CHECKING:
    from pathlib import Path

    from tfbatch_handler.handler import Handler


def _refuse(token: str) -> None:
    raise AssertionError(f"{token} is no JSON")


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_record_is_predicted_as_in_plain_tensorflow_or_its_error_says_why(
    case: Case, handler: Handler, server: str, predicted: dict[str, Any]
) -> None:
    context = OldContext(f"{server}/{case.model}:predict", case.kind, "application/jsonlines")
    body, _ = handler(io.BytesIO(case.payload), context)
    lines = [json.loads(line, parse_constant=_refuse) for line in body.split(b"\n")]
    assert len(lines) == len(case.records)
    for number, (line, record) in enumerate(zip(lines, case.records, strict=True)):
        if isinstance(record, str):
            assert record in line["error"]["message"], number
            assert line["error"]["record"] == number
        else:
            row = _row(predicted[json.dumps([case.model, record])])
            assert _float32(line) == _float32({"predictions": [row]}), number


@pytest.mark.parametrize("name", ["ragged", "sparse"])
def test_ragged_and_sparse_inputs_are_refused_by_their_signature(exported: Path, name: str) -> None:
    with pytest.raises(SignatureError, match=r"sparse or ragged.*export a signature with dense"):
        servable(read_saved_model(exported / name))


def _float32(value: Any) -> Any:  # noqa: ANN401  JSON
    """TensorFlow Serving writes a float with fewer digits than Python."""
    if isinstance(value, dict):
        return {name: _float32(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_float32(item) for item in value]
    return str(np.float32(value)) if isinstance(value, float) and abs(value) < 1e38 else value


def _row(outputs: dict[str, Any]) -> Any:  # noqa: ANN401  JSON
    """TensorFlow Serving gives a single output without its name."""
    return outputs if len(outputs) > 1 else next(iter(outputs.values()))
