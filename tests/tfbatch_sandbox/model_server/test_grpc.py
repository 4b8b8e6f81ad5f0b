"""What the model server answers over gRPC, to classify and regress, and does to warm up."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.tfbatch_sandbox.model_server.model_servers import predict

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLES = {"examples": [{"x": [0.25, 0.5]}, {"x": [0.5, 0.0]}]}


@pytest.fixture(scope="module")
def told(models: str) -> Any:  # noqa: ANN401 - JSON
    """Every reply of the gRPC client."""
    port = urlsplit(models).port or 0
    client = Path(__file__).with_name("grpc_client.py")
    ran = subprocess.run(
        [sys.executable, str(client), str(port + 1)], capture_output=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr.decode()
    return json.loads(ran.stdout)


def test_predict_over_grpc_gives_the_version_and_the_outputs(told: Any) -> None:  # noqa: ANN401
    assert told["latest"] == [2, [[1.0, 0.2], [2.0, 0.6]]]
    assert told["first"] == [[0.5, 0.1], [1.0, 0.3]]
    assert told["several"] == [[6], True]


def test_metadata_and_status_over_grpc_are_those_of_rest(told: Any) -> None:  # noqa: ANN401
    assert {"serving_default", "several"} <= set(told["signatures"])
    assert told["status"] == [[2, 30], [1, 30]]


def test_errors_over_grpc_have_tensorflow_servings_words(told: Any) -> None:  # noqa: ANN401
    assert told["errors"] == [
        ["NOT_FOUND", "Servable not found for request: Latest(nobody)"],
        [
            "INVALID_ARGUMENT",
            (
                "input size does not match signature: 1!=1 len({z}) != len({x}). "
                "Sent extra: {z}. Missing but required: {x}."
            ),
        ],
        ["INVALID_ARGUMENT", "Expects arg[0] to be float but int32 is provided"],
        [
            "INVALID_ARGUMENT",
            (
                "output tensor alias not found in signature: nothing "
                "Outputs expected to be in the set {y}."
            ),
        ],
        [
            "INVALID_ARGUMENT",
            (
                "Expected classification signature method_name to be "
                "tensorflow/serving/classify. Was: tensorflow/serving/predict"
            ),
        ],
    ]


def test_examples_are_classified_and_regressed_over_both_apis(
    told: Any,  # noqa: ANN401
    models: str,
) -> None:
    assert told["classify"] == [
        [["small", 0.75], ["large", 0.25]],
        [["small", 0.5], ["large", 0.5]],
    ]
    assert told["regress"] == [0.25, 0.5]
    classified = predict(models, "examples", EXAMPLES, verb="classify")
    assert classified.text == (
        '{\n    "results": [[["small", 0.25], ["large", 0.75]], '
        '[["small", 0.5], ["large", 0.5]]\n    ]\n}'
    )
    named = EXAMPLES | {"signature_name": "value", "context": {"y": 1}}
    regressed = predict(models, "examples", named, verb="regress")
    assert regressed.text == '{\n    "results": [0.75, 0.5]\n}'


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({}, "When method is classify, key 'examples' is expected and was not found"),
        ({"examples": []}, "'examples' value is an empty array"),
        ({"examples": {}}, "Expecting 'examples' value to be an list/array"),
        ({"examples": [1]}, "Example must be JSON object"),
        ({"examples": [{"x": [1, "a"]}]}, "Unexpected element type in feature: x expecting type"),
        ({"examples": [{"x": None}]}, "Feature: x has element with unexpected JSON type"),
        (
            {"examples": [{"x": 2**63}]},
            "Feature: x has uint64_t element. Only int64_t is supported",
        ),
        ({"examples": [{"x": 1.0}], "signature_name": "value"}, "Was: tensorflow/serving/regress"),
        (
            {"examples": [{"x": 1.0}], "signature_name": "no"},
            "No signature was found with the name",
        ),
    ],
)
def test_wrong_examples_are_a_400_in_tensorflow_servings_words(
    models: str, document: object, words: str
) -> None:
    reply = predict(models, "examples", document, verb="classify")
    assert (reply.status_code, words in reply.json()["error"]) == (400, True), reply.text


@contextlib.contextmanager
def _server(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A server of a folder, and what it says on ``stderr``."""
    command = [sys.executable, "-m", "tfbatch_sandbox.model_server", "--model-dir", str(folder)]
    with subprocess.Popen([*command, "--rest-port", "0"], stderr=subprocess.PIPE) as server:
        try:
            yield server
        finally:
            server.kill()


def test_warm_up_requests_are_replayed_before_a_version_is_available(
    saved_models: Path, tmp_path: Path
) -> None:
    shutil.copytree(saved_models / "examples", tmp_path / "examples")
    with _server(tmp_path) as server:
        assert server.stderr is not None
        assert any(b"Number of warmup records read: 3." in line for line in server.stderr)
        assert server.poll() is None


def test_a_broken_warm_up_file_keeps_the_version_from_being_available(
    saved_models: Path, tmp_path: Path
) -> None:
    shutil.copytree(saved_models / "examples", tmp_path / "examples")
    (tmp_path / "examples/1/assets.extra/tf_serving_warmup_requests").write_bytes(b"torn")
    with _server(tmp_path) as server:
        _, said = server.communicate()
    assert server.returncode == 255
    assert b"did not become available" in said
