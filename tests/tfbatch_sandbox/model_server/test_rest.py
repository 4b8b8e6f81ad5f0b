"""The model server against TensorFlow Serving's documented and read behavior."""

from __future__ import annotations

import base64
import concurrent.futures
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
import requests

from tests.tfbatch_sandbox.images import png
from tests.tfbatch_sandbox.model_server.model_servers import predict, started
from tfbatch_sandbox.container.host.launch import free_block
from tfbatch_sandbox.processes import supervision

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BATCHING = ["--enable-batching", "--max-batch-size", "4", "--batch-timeout-micros", "50000"]


@pytest.fixture(scope="module")
def batching_models(saved_models: Path) -> Iterator[str]:
    process, url = started(saved_models, *BATCHING)
    yield url
    supervision.stop(process)


def b64(data: bytes) -> dict[str, str]:
    return {"b64": base64.b64encode(data).decode()}


def test_rows_come_back_as_predictions_in_tensorflow_servings_layout(models: str) -> None:
    reply = predict(models, "vector/versions/1", {"instances": [[1, 0, 0], [0, 1, 1]]})
    assert reply.headers["Content-Type"].startswith("application/json")
    assert reply.text == '{\n    "predictions": [[0.5, 0.1], [1.25, 0.5]\n    ]\n}'


@pytest.mark.parametrize(
    ("instances", "reason"),
    [
        ("[16777217, 0, 0]", "16777217 to float without loss of precision."),
        ("[1e39, 0, 0]", "to float without loss of precision."),
        ("[" * 100_000, "JSON Parse error: the document is nested too deeply"),
        ("9" * 5000, "JSON Parse error: Number too big to be stored in double."),
        ("[], [1, 0, 0]", "Expecting tensor size: 0 but got: 3"),
    ],
)
def test_what_no_record_can_be_is_an_invalid_argument(
    models: str, instances: str, reason: str
) -> None:
    reply = predict(models, "vector/versions/1", f'{{"instances": [{instances}]}}')
    assert reply.status_code == 400
    assert reason in reply.json()["error"]


def test_an_empty_row_is_a_tensor_without_elements(models: str) -> None:
    body = {"signature_name": "ragged", "instances": [[], []]}
    assert predict(models, "vector", body).json() == {"predictions": [0.0, 0.0]}


def test_columns_come_back_as_outputs(models: str) -> None:
    reply = predict(models, "vector/versions/1", {"inputs": {"x": [[1, 0, 0]]}})
    assert (
        reply.text
        == '{\n    "outputs": [\n        [\n            0.5,\n            0.1\n        ]\n    ]\n}'
    )
    assert predict(models, "vector/versions/1", {"inputs": [[1, 0, 0]]}).text == reply.text


def test_several_outputs_come_back_by_name_and_bytes_as_b64(models: str) -> None:
    instance = {"count": 2, "flag": True, "key_bytes": b64(b"\xff\0")}
    body = {"signature_name": "several", "instances": [{**instance, "key_bytes": "ü"}, instance]}
    first, second = predict(models, "vector", {**body, "instances": body["instances"][:1]}), None
    assert first.json() == {
        "predictions": [{"double": 4, "flag": False, "key_bytes": b64("ü".encode()), "text": "<ü>"}]
    }
    assert '{\n            "double": 4,\n            "flag": false,\n' in first.text
    second = predict(models, "vector", {**body, "instances": [instance]})
    assert b'"text": "<\xff\\u0000>"' in second.content


def test_an_image_goes_in_as_b64_in_either_short_or_named_form(models: str) -> None:
    image = b64(png(255, 0, 0))
    replies = [
        predict(models, "image", {"instances": [value]}).json()
        for value in (image, {"image_bytes": image})
    ]
    assert replies[0] == replies[1]
    assert replies[0]["predictions"][0]["classes"] == 0


def test_base64_may_miss_its_padding(models: str) -> None:
    image = base64.b64encode(png(0, 255, 0)).decode().rstrip("=")
    reply = predict(models, "image", {"instances": [{"b64": image}]})
    assert reply.json()["predictions"][0]["classes"] == 1


def test_the_highest_version_answers_unless_one_is_named(models: str) -> None:
    one, two, latest = (
        predict(models, name, {"instances": [[1, 0, 0]]}).json()["predictions"][0][0]
        for name in ("vector/versions/1", "vector/versions/2", "vector")
    )
    assert (one, two, latest) == (0.5, 1.0, 1.0)


def test_status_lists_every_version_highest_first(models: str) -> None:
    document = requests.get(f"{models}/vector", timeout=5).json()
    ok = {"error_code": "OK", "error_message": ""}
    assert document == {
        "model_version_status": [
            {"version": "2", "state": "AVAILABLE", "status": ok},
            {"version": "1", "state": "AVAILABLE", "status": ok},
        ]
    }


def test_metadata_has_the_signatures_with_types_and_shapes_as_strings(models: str) -> None:
    document = requests.get(f"{models}/image/metadata", timeout=5).json()
    assert document["model_spec"] == {"name": "image", "signature_name": "", "version": "1"}
    signature = document["metadata"]["signature_def"]["signature_def"]["serving_default"]
    assert signature["method_name"] == "tensorflow/serving/predict"
    assert signature["inputs"]["image_bytes"] == {
        "dtype": "DT_STRING",
        "tensor_shape": {"dim": [{"size": "-1", "name": ""}], "unknown_rank": False},
        "name": "serving_default_image_bytes:0",
    }
    assert signature["outputs"]["probabilities"]["tensor_shape"]["dim"][1]["size"] == "3"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("", "JSON Parse error: The document is empty"),
        ("{", "JSON Parse error: "),
        ("[1]", "Is not object"),
        ("{}", "Missing 'inputs' or 'instances' key"),
        ({"instances": 1}, "Expecting 'instances' to be an list/array"),
        ({"instances": []}, "No values in 'instances' array"),
        ({"instances": [[1]], "inputs": [[1]]}, "expecting only one of 'inputs' or 'instances'"),
        ({"signature_name": 1, "instances": [1]}, "'signature_name' key must be a string value."),
        (
            {"signature_name": "nope", "instances": [1]},
            'Serving signature name: "nope" not found in signature def',
        ),
        (
            {"instances": [[1, 2, 3], [1, 2]]},
            "Error: INVALID_ARGUMENT: Expecting tensor size: 3 but got: 2",
        ),
        (
            {"instances": [[1, 2, "x"]]},
            "is not of expected type: float",
        ),
        ({"instances": [[1, True, 0]]}, "Type: True is not of expected type: float"),
        ({"instances": [[1, None, 0]]}, "Type: Null is not of expected type: float"),
        ({"instances": [[[1], 2, 3]]}, "found at incorrect level: 2"),
        ({"instances": [{"z": [1]}]}, "does not have named input: z"),
        ({"instances": [{}]}, "keys must be equal to: x"),
        ({"instances": [{"x": [1, 2, 3]}, [1]]}, "Expecting object but got list at item 1"),
        ({"instances": [[1, 2, 3], {"x": [1]}]}, "Expecting value/list but got object at item 1"),
        ({"inputs": {"z": 1}}, "Missing named input: x in 'inputs' object."),
        ({"signature_name": "several", "instances": [1]}, "instances is a plain list, but"),
        ({"signature_name": "several", "inputs": [1]}, "inputs is a plain value/list, but"),
        (
            {"signature_name": "several", "inputs": {"count": [1.5]}},
            "Type: Number is not of expected type: int32",
        ),
        (
            {"signature_name": "several", "inputs": {"count": [1 << 31]}},
            "is not of expected type: int32",
        ),
        ({"instances": [[1, 2]]}, "Matrix size-incompatible"),
    ],
)
def test_a_wrong_request_is_a_400_in_tensorflow_servings_words(
    models: str, body: object, message: str
) -> None:
    reply = predict(models, "vector", body)
    assert reply.status_code == 400
    assert message in reply.json()["error"]
    assert reply.text.startswith('{\n    "error": "')


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"b64": "!!!"}, "Unable to base64 decode"),
        ({"b64": 1}, "does not have named input: b64"),
        ({"image_bytes": {"c64": ""}}, "not formatted correctly for base64 data"),
        (b64(b"no image"), "Unknown image file format"),
        (3, "is not of expected type: string"),
    ],
)
def test_wrong_bytes_are_a_400_that_says_why(models: str, value: object, message: str) -> None:
    reply = predict(models, "image", {"instances": [value]})
    assert reply.status_code == 400
    assert message in reply.json()["error"]


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("nobody:predict", 404, "Servable not found for request: Latest(nobody)"),
        ("vector/versions/9:predict", 404, "Servable not found for request: Specific(vector, 9)"),
        ("vector:explain", 400, "Malformed request: POST /v1/models/vector:explain"),
    ],
)
def test_a_wrong_address_is_refused_with_the_servables_name(
    models: str, path: str, status: int, message: str
) -> None:
    reply = requests.post(f"{models}/{path}", data='{"instances": [[1, 2, 3]]}', timeout=5)
    assert (reply.status_code, reply.json()["error"]) == (status, message)


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("/nobody", 404, "Could not find any versions of model nobody"),
        ("/vector/versions/9", 404, "Could not find version 9 of model vector"),
        ("", 400, "Missing model name in request."),
    ],
)
def test_the_status_of_nothing_is_an_error(
    models: str, path: str, status: int, message: str
) -> None:
    reply = requests.get(f"{models}{path}", timeout=5)
    assert (reply.status_code, reply.json()["error"]) == (status, message)


def test_a_batch_answers_each_request_with_its_own_rows(batching_models: str) -> None:
    with concurrent.futures.ThreadPoolExecutor(16) as threads:
        rows = [[[n, 0, 0], [0, n, 0]] if n % 3 else [[n, 0, 0]] for n in range(48)]
        replies = threads.map(
            lambda row: predict(batching_models, "vector/versions/1", {"instances": row}), rows
        )
        answers = [reply.json()["predictions"] for reply in replies]
    for number, answer in enumerate(answers):
        assert len(answer) == (2 if number % 3 else 1)
        assert answer[0][0] == pytest.approx(0.5 * number)


def test_a_request_larger_than_the_batch_is_refused(batching_models: str) -> None:
    reply = predict(batching_models, "vector", {"instances": [[1, 2, 3]] * 5})
    assert reply.status_code == 400
    assert reply.json()["error"] == "Task size 5 is larger than maximum input batch size 4"


def test_a_lone_request_waits_for_others_no_longer_than_the_timeout(batching_models: str) -> None:
    predict(batching_models, "vector", {"instances": [[1, 2, 3]]})
    begun = time.monotonic()
    predict(batching_models, "vector", {"instances": [[1, 2, 3]]})
    assert 0.05 <= time.monotonic() - begun < 1


def test_requests_of_one_batch_must_have_one_shape(batching_models: str) -> None:
    shapes = [{"signature_name": "ragged", "instances": [[1.0] * width]} for width in (1, 2)]
    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        replies = list(threads.map(lambda body: predict(batching_models, "vector", body), shapes))
    errors = [reply.json().get("error", "") for reply in replies if reply.status_code == 400]
    assert all("have different shapes and padding is turned off" in error for error in errors)


def test_what_has_no_batch_dimension_can_not_be_batched(batching_models: str) -> None:
    body = {"signature_name": "scalar", "inputs": 1}
    reply = predict(batching_models, "vector", body)
    assert reply.json()["error"] == (
        "Batching Run() input tensors must have at least one dimension"
    )


def test_without_a_batch_dimension_only_columns_can_be_written(models: str) -> None:
    body = {"signature_name": "scalar", "inputs": 1}
    assert predict(models, "vector", body).text == '{\n    "outputs": 2.0\n}'


def test_a_model_that_can_not_be_loaded_ends_the_server_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "broken" / "1").mkdir(parents=True)
    (tmp_path / "broken" / "1" / "saved_model.pb").write_bytes(b"not a model")
    command = [sys.executable, "-m", "tfbatch_sandbox.model_server", "--model-dir", str(tmp_path)]
    ended = subprocess.run(
        [*command, "--rest-port", str(free_block(1))],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 255
    assert b"1 servable(s) did not become available: {{{name: broken version: 1}" in ended.stderr
