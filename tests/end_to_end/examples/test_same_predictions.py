"""One model, four ways to ask it: the same predictions for a fixed set of photographs."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.paths import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.end_to_end.examples.conftest import Examples

pytestmark = pytest.mark.timeout(900)  # whichever is first deploys, trains and runs all
Prediction = list[dict[str, Any]]
_TOLERANCE = 1e-4
"""Batches of other sizes round in other places."""


@pytest.fixture(scope="module")
def photographs(examples: Examples) -> list[Path]:
    return sorted(examples.photographs.glob("*.jpg"))


@pytest.fixture(scope="module")
def predictions(
    examples: Examples,
    photographs: list[Path],
    said: object,  # noqa: ARG001 - the examples' jobs have run
) -> dict[str, list[Prediction]]:
    """Those of each way, in the order of the photographs."""
    ways = {
        "python": _in_python,
        "jpeg": _by_jpeg_job,
        "tfrecord": _by_tfrecord_job,
        "endpoint": _by_endpoint,
    }
    with ThreadPoolExecutor() as threads:
        asked = {way: threads.submit(ask, examples, photographs) for way, ask in ways.items()}
        return {way: answer.result() for way, answer in asked.items()}


@pytest.mark.parametrize("way", ["jpeg", "tfrecord", "endpoint"])
def test_a_photograph_is_predicted_as_by_the_exported_model_in_python(
    predictions: dict[str, list[Prediction]], way: str
) -> None:
    for wanted, found in zip(predictions["python"], predictions[way], strict=True):
        assert [each["class"] for each in found] == [each["class"] for each in wanted]
        for ours, theirs in zip(found, wanted, strict=True):
            assert math.isclose(ours["probability"], theirs["probability"], abs_tol=_TOLERANCE)


def test_the_stages_endpoint_is_found_by_predict(
    examples: Examples, photographs: list[Path]
) -> None:
    said = examples.deployment.run("tfbatch", "predict", *map(str, photographs))
    assert "tiger cat" in said
    assert f"{len(photographs)} records of {len(photographs)} files" in said


def test_the_aws_command_line_asks_the_endpoint(
    examples: Examples, photographs: list[Path], tmp_path: Path
) -> None:
    cat = next(photo for photo in photographs if photo.stem == "cat")
    command = examples.deployment.run("tfbatch", "predict", "--show-aws", str(cat))
    *words, _ = command.split()
    examples.deployment.run(*words, str(tmp_path / "reply"))
    (first, *_) = json.loads((tmp_path / "reply").read_text())["top_k"]
    assert first["label"] == "tiger cat"


def _in_python(_: Examples, photographs: Sequence[Path]) -> list[Prediction]:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "tests.end_to_end.examples.exported_predictions"),
            *(str(REPOSITORY / "models" / "efficientnet-lite0" / "1"), *map(str, photographs)),
        ],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def _by_jpeg_job(examples: Examples, photographs: Sequence[Path]) -> list[Prediction]:
    """As the example with boto3 has run it."""
    outputs = examples.outputs_of("open-images-boto3/jpg")
    return [json.loads(outputs[f"{photo.name}.out"])["top_k"] for photo in photographs]


def _by_tfrecord_job(examples: Examples, _: Sequence[Path]) -> list[Prediction]:
    """As the example with boto3 has run it, which packs the photographs in their order."""
    outputs = examples.outputs_of("open-images-boto3/tfrecord")
    lines = outputs["boto3-00000-of-00001.tfrecord.out"]
    return [json.loads(line)["top_k"] for line in lines.splitlines()]


def _by_endpoint(examples: Examples, photographs: Sequence[Path]) -> list[Prediction]:
    runtime = examples.deployment.client("sagemaker-runtime")
    name = examples.deployment.outputs["EndpointName"]
    replies = [
        runtime.invoke_endpoint(
            EndpointName=name, ContentType="image/jpeg", Body=photo.read_bytes()
        )
        for photo in photographs
    ]
    return [json.loads(reply["Body"].read())["top_k"] for reply in replies]
