"""TensorFlow Serving's own cases, as data: how requests are read and answers written.

Source of every input and outcome: tensorflow/serving, ``util/json_tensor_test.cc`` and
``model_servers/http_rest_api_handler_test.cc``.
"""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import requests

from tfbatch_sandbox.model_server import examples
from tfbatch_sandbox.model_server.json_api.reply import write_error, write_predict
from tfbatch_sandbox.model_server.json_api.request import Format, parse_predict
from tfbatch_sandbox.model_server.tensorflow.status import (
    Code,
    StatusError,
    as_status,
    invalid_argument,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfbatch_sandbox.model_server.tensorflow.servable import Signature

FLOAT, DOUBLE, INT32, STRING = 1, 2, 3, 7
NAN, INF = float("nan"), float("inf")
LARGEST_DOUBLE = "1.7976931348623157e308"


def signature(name: str, **types: int) -> Signature:
    from tfbatch_sandbox.model_server.tensorflow.servable import Signature  # noqa: PLC0415 # slow

    inputs = {key: SimpleNamespace(dtype=number) for key, number in types.items()}
    return Signature(name=name, inputs=inputs, outputs={})


def parsed(body: str, **types: int) -> tuple[str, dict[str, Any], Format]:
    found, arrays, layout = parse_predict(body.encode(), lambda name: signature(name, **types))
    return found.name, {name: array.tolist() for name, array in arrays.items()}, layout


@pytest.mark.parametrize(
    ("body", "types", "wanted"),
    [
        ('{"instances": [[1,2],[3,4],[5,6]]}', {"x": INT32}, {"x": [[1, 2], [3, 4], [5, 6]]}),
        (
            '{"instances": [1, 2.0, 3, 4, 5.5, 0.25, 0.0]}',
            {"x": FLOAT},
            {"x": [1, 2, 3, 4, 5.5, 0.25, 0]},
        ),
        (
            '{"instances": [1.0, 2, 3, 4, 0.662, 0, 0.0]}',
            {"x": DOUBLE},
            {"x": [1, 2, 3, 4, 0.662, 0, 0]},
        ),
        (
            '{"instances": [{"b64": "aGVsbG8="}, {"b64": "d29ybGQ="}]}',
            {"x": STRING},
            {"x": [b"hello", b"world"]},
        ),
        (
            '{"instances": [[{"b64": "aGVsbG8="}], [{"b64": "d29ybGQ="}]]}',
            {"x": STRING},
            {"x": [[b"hello"], [b"world"]]},
        ),
        (
            '{"instances": [{"x": [[{"b64": "aGVsbG8="}], [{"b64": "d29ybGQ="}]]}]}',
            {"x": STRING},
            {"x": [[[b"hello"], [b"world"]]]},
        ),
        (
            (
                '{"instances": ['
                '{"i": [[1,2],[3,4]], "s": ["foo", "bar"], "f": [1.0, NaN], "d": [NaN]},'
                ' {"i": [[7,8],[9,0]], "s": ["baz", "bat"], "f": [2.0, Infinity], "d": [2.0]}]}'
            ),
            {"d": DOUBLE, "f": FLOAT, "i": INT32, "s": STRING},
            {
                "d": [[NAN], [2.0]],
                "f": [[1.0, NAN], [2.0, INF]],
                "i": [[[1, 2], [3, 4]], [[7, 8], [9, 0]]],
                "s": [[b"foo", b"bar"], [b"baz", b"bat"]],
            },
        ),
    ],
)
def test_instances_are_one_tensor_an_input(
    body: str, types: Mapping[str, int], wanted: object
) -> None:
    _, arrays, layout = parsed(body, **types)
    assert layout is Format.ROW
    assert repr(arrays) == repr(_as_numbers(wanted, types))


def _as_numbers(wanted: Any, types: Mapping[str, int]) -> object:  # noqa: ANN401
    kinds = {FLOAT: np.float32, DOUBLE: np.float64, INT32: np.int32, STRING: object}
    return {name: np.array(value, kinds[types[name]]).tolist() for name, value in wanted.items()}


@pytest.mark.parametrize("value", ['{"x": [[[1,2],[3,4],[5,6]]]}', "[[[1,2],[3,4],[5,6]]]"])
def test_inputs_are_whole_tensors(value: str) -> None:
    _, arrays, layout = parsed(f'{{"inputs": {value}}}', x=INT32)
    assert (arrays, layout) == ({"x": [[[1, 2], [3, 4], [5, 6]]]}, Format.COLUMN)


def test_inputs_of_several_types_have_shapes_of_their_own() -> None:
    body = '{"inputs": {"i": [[[1,2]]], "s": ["foo", "bar"], "b": {"b64": "aGVsbG8="}}}'
    _, arrays, _ = parsed(body, i=INT32, s=STRING, b=STRING)
    assert arrays == {"i": [[[1, 2]]], "s": [b"foo", b"bar"], "b": b"hello"}


def test_a_request_may_name_its_signature() -> None:
    body = '{"signature_name": "predict_images", "instances": [[1,2]]}'
    assert parsed(body, x=INT32)[0] == "predict_images"


@pytest.mark.parametrize(
    ("body", "types", "message"),
    [
        ("", {"x": INT32}, "document is empty"),
        ('{"signature_name": 5, "instances": [[1,2]]}', {"x": INT32}, "must be a string value"),
        ('{"instances": [[1,2]], "inputs": [[1,2]]}', {"x": INT32}, "Not formatted correctly"),
        ('{"instances": [[1,2],[3,4],[5,6,7]]}', {"x": INT32}, "Expecting tensor size"),
        ('{"instances": [[1,2],[3,4],[[5,6]]]}', {"x": INT32}, "Expecting shape"),
        ('{"instances": [1, [1]]}', {"x": INT32}, "Expecting shape"),
        ('{"instances": [[1,2],["a", "b"]]}', {"x": INT32}, "not of expected type"),
        (f'{{"instances": [{LARGEST_DOUBLE}]}}', {"x": FLOAT}, "loss of precision"),
        ('{"instances": [16777217]}', {"x": FLOAT}, "loss of precision"),
        ('{"instances": [9007199254740993]}', {"x": DOUBLE}, "loss of precision"),
        (
            '{"instances": [{"i": [[1,2]], "s": ["a"]}, {"i": [[[7,8]]], "s": ["b"]}]}',
            {"i": INT32, "s": STRING},
            "Expecting shape",
        ),
        (
            '{"instances": [{"i": [[1,2],[3,4]], "s": ["a"]}, {"i": [[7,8]], "s": ["b"]}]}',
            {"i": INT32, "s": STRING},
            "Expecting tensor size",
        ),
        (
            '{"instances": [{"i": [[1,2]], "s": ["a"]}, [1, 20, 30]]}',
            {"i": INT32, "s": STRING},
            "Expecting object but got list",
        ),
        (
            '{"instances": [["baz", "bar"], {"s": ["baz", "bat"]}]}',
            {"s": STRING},
            "Expecting value/list but got object",
        ),
        ("instances = [1, 2]", {"x": FLOAT}, "JSON Parse error: Invalid value"),
        ('{"instances": ["1", "2"]}', {"x": FLOAT}, "not of expected type: float"),
        ('{"instances": ' + "[" * 500_000 + "]" * 500_000 + "}", {"x": FLOAT}, "JSON Parse error"),
    ],
)
def test_what_can_not_be_read_is_an_invalid_argument(
    body: str, types: Mapping[str, int], message: str
) -> None:
    with pytest.raises(StatusError, match=message) as raised:
        parsed(body, **types)
    assert raised.value.code is Code.INVALID_ARGUMENT


def array(values: object, kind: type = np.int32) -> np.ndarray[Any, Any]:
    return np.array(values, kind)


BOXES = array([[[1, 2], [3, 4], [5, 6]], [[7, 8], [9, 0], [1, 2]]])
WORDS = array([[b"foo", b"bar"], [b"baz", b"bat"]], object)
NUMBERS = array([[1.0], [2.0]], np.float32)
EMPTY = np.empty((0, 3, 4), np.float32)


@pytest.mark.parametrize(
    ("outputs", "rows", "columns"),
    [
        ({"i": BOXES}, BOXES.tolist(), BOXES.tolist()),
        ({"i": array([1, 2, 3])}, [1, 2, 3], [1, 2, 3]),
        (
            {"s_bytes": array([[b"hello", b"tf"]], object)},
            [[{"b64": "aGVsbG8="}, {"b64": "dGY="}]],
            [[{"b64": "aGVsbG8="}, {"b64": "dGY="}]],
        ),
        (
            {"d": array([8.0, 9.0], np.float64), "f": NUMBERS, "i": BOXES, "s": WORDS},
            [
                {"d": 8.0, "f": [1.0], "i": BOXES[0].tolist(), "s": ["foo", "bar"]},
                {"d": 9.0, "f": [2.0], "i": BOXES[1].tolist(), "s": ["baz", "bat"]},
            ],
            {
                "d": [8.0, 9.0],
                "f": [[1.0], [2.0]],
                "i": BOXES.tolist(),
                "s": [["foo", "bar"], ["baz", "bat"]],
            },
        ),
        ({"i": np.empty((0, 2), np.int32)}, [], []),
        ({"f": EMPTY, "s": np.empty((0, 1, 2), object)}, [], {"f": [], "s": []}),
    ],
)
def test_tensors_are_written_as_rows_or_as_columns(
    outputs: dict[str, Any], rows: object, columns: object
) -> None:
    assert json.loads(write_predict(outputs, Format.ROW)) == {"predictions": rows}
    assert json.loads(write_predict(outputs, Format.COLUMN)) == {"outputs": columns}


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (
            [[9000000, 999999, 0.5], [0.0003, 0.00003, 555557.5]],
            [["9e+06", "999999.0", "0.5"], ["0.0003", "3e-05", "555557.5"]],
        ),
        ([[NAN, INF], [3, -INF]], [["NaN", "Infinity"], ["3.0", "-Infinity"]]),
    ],
)
def test_numbers_are_written_with_the_digits_that_tell_them_apart(
    values: object, words: object
) -> None:
    text = write_predict({"f": array(values, np.float32)}, Format.ROW)
    read = json.loads(text, parse_float=str, parse_constant=str)
    assert read == {"predictions": words}


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        ({}, "empty tensor map"),
        ({"t": array([1 + 2j], np.complex64)}, "tensor type: complex64"),
        ({"t": array(1)}, "no shape information"),
        ({"i": BOXES, "s": WORDS[:1]}, "inconsistent batch size"),
        ({"i": np.empty((0, 2), np.int32), "s": WORDS[:1]}, "inconsistent batch size"),
    ],
)
def test_what_json_has_no_form_for_is_an_invalid_argument(
    outputs: dict[str, Any], message: str
) -> None:
    with pytest.raises(StatusError, match=message) as raised:
        write_predict(outputs, Format.ROW)
    assert raised.value.code is Code.INVALID_ARGUMENT


def features(example: bytes) -> dict[str, tuple[str, list[Any]]]:
    from tensorflow.core.example.example_pb2 import Example  # noqa: PLC0415

    read = Example.FromString(example).features.feature
    kinds = {name: feature.WhichOneof("kind") for name, feature in read.items()}
    return {
        name: (kind.removesuffix("_list"), list(getattr(read[name], kind).value))
        for name, kind in kinds.items()
    }


def test_examples_have_features_of_the_types_that_json_shows() -> None:
    name, records = examples.read_json(
        b'{"examples": [{"names": ["foo", "bar"], "ratings": [8.0, 9.0], "age": 20},'
        b' {"names": ["baz"], "ratings": 6.0}]}'
    )
    assert not name
    assert [features(record) for record in records] == [
        {
            "names": ("bytes", [b"foo", b"bar"]),
            "ratings": ("float", [8.0, 9.0]),
            "age": ("int64", [20]),
        },
        {"names": ("bytes", [b"baz"]), "ratings": ("float", [6.0])},
    ]


def test_a_context_is_part_of_every_example() -> None:
    name, records = examples.read_json(
        b'{"signature_name": "custom", "context": {"query": "pizza", "location": ["sfo"]},'
        b' "examples": [{"names": ["foo"], "ratings": [NaN, Infinity]},'
        b' {"names": ["baz", {"b64": "aGVsbG8="}], "mix": [1, true, false]},'
        b' {"names": "bar", "ratings": -Infinity}]}'
    )
    context = {"query": ("bytes", [b"pizza"]), "location": ("bytes", [b"sfo"])}
    assert name == "custom"
    assert repr([sorted(features(record).items()) for record in records]) == repr(
        [
            sorted((context | each).items())
            for each in (
                {"names": ("bytes", [b"foo"]), "ratings": ("float", [NAN, INF])},
                {"names": ("bytes", [b"baz", b"hello"]), "mix": ("int64", [1, 1, 0])},
                {"names": ("bytes", [b"bar"]), "ratings": ("float", [-INF])},
            )
        ]
    )


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            '{"signature_name": ["hello"], "examples": [{"n": ["a"]}]}',
            "'signature_name' key must be a string",
        ),
        ('{"context": [{"n": ["a"]}]}', "Example must be JSON object"),
        ('{"examples": {"n": ["a"]}}', "list/array"),
        ('{"examples": [[{"n": ["a"]}]]}', "Example must be JSON object"),
        ('{"examples": [{"names": [10, null]}]}', "names has element with .* JSON type: Null"),
        ('{"examples": [{"names": [10, 10.0]}]}', "feature: names expecting type: int64"),
        ('{"examples": [{"names": [10, {"t": 1}]}]}', "element with .* JSON type: Object"),
        ('{"examples": [{"names": [[10], 20]}]}', "names has element with .* JSON type: Array"),
        ('{"examples": [{"names": [20, 18446744073709551603]}]}', r"Only int64(_t)? is supported"),
        (f'{{"examples": [{{"names": {LARGEST_DOUBLE}}}]}}', "loss of precision"),
        ('{"examples": [{"names": {"b64": "!"}}]}', "Unable to base64 decode"),
    ],
)
def test_an_example_that_can_not_be_read_is_an_invalid_argument(body: str, message: str) -> None:
    with pytest.raises(StatusError, match=message) as raised:
        examples.read_json(body.encode())
    assert raised.value.code is Code.INVALID_ARGUMENT


def test_classes_are_written_as_pairs_and_regressions_as_numbers() -> None:
    labels = array([[b"car", b"bike"], [b"car", b"bike"]], object)
    scores = array([[0.2, 0.7], [0.7, 0.1]], np.float32)
    written = examples.write_json(examples.CLASSIFY, {"classes": labels, "scores": scores}, 2)
    assert json.loads(written) == {
        "results": [[["car", 0.2], ["bike", 0.7]], [["car", 0.7], ["bike", 0.1]]]
    }
    values = array([0.2, INF, 1.0, -INF, NAN], np.float32)
    text = examples.write_json(examples.REGRESS, {"outputs": values}, 5)
    numbers = json.loads(text, parse_float=str, parse_constant=str)
    assert numbers == {"results": ["0.2", "Infinity", "1.0", "-Infinity", "NaN"]}


@pytest.mark.parametrize("message", ['Bad key: "key"', "Bad key: 'key'"])
def test_an_error_is_written_with_its_own_words(message: str) -> None:
    assert json.loads(write_error(invalid_argument(message))) == {"error": message}


@pytest.mark.parametrize(
    ("verb", "path", "message"),
    [
        ("GET", "/v1/foo", "Malformed request"),
        ("POST", "/v1/foo", "Malformed request"),
        ("GET", "/v1/models", "Missing model name"),
        ("POST", "/v1/models", "Malformed request"),
        ("GET", "/v1/models/foo:predict", "Malformed request"),
        ("GET", "/v1/models/foo/version/50:predict", "Malformed request"),
        ("POST", "/v1/models/foo/version/50:regress", "Malformed request"),
        ("POST", "/v1/models/foo/versions/HELLO:regress", "Malformed request"),
        (
            "POST",
            "/v1/models/foo/versions/18446744073709551615:regress",
            "Failed to convert version",
        ),
        ("GET", f"/v1/models/foo/versions/{'9' * 5000}", "Failed to convert version"),
    ],
)
def test_an_address_that_names_nothing_is_an_invalid_argument(
    models: str, verb: str, path: str, message: str
) -> None:
    reply = requests.request(verb, models.removesuffix("/v1/models") + path, data="", timeout=10)
    assert reply.status_code == 400
    assert message in reply.json()["error"]


@pytest.mark.parametrize(
    "body",
    [
        b'{"instances": [{"b64": "\\ud800"}]}',
        b'{"examples": [{"x": "\\ud800"}]}',
        b'{"instances": [[1e400]]}',
        b'{"instances": [[-1e400]]}',
        b"\xef\xbb\xbf" + b'{"instances": [[1]]}',
        b"\xff\xfe",
        b'{"instances": [[' + b"9" * 400 + b"]]}",
        b'{"instances": [[]], "signature_name": "\\ud800"}',
        b'{"inputs": []}',
        b'{"inputs": {}}',
        b'{"inputs": {"b64": ""}}',
        b'{"instances": [null]}',
        b'{"instances": [{}]}',
        b"null",
        b"NaN",
    ],
)
@pytest.mark.parametrize("kind", [FLOAT, INT32, STRING])
def test_no_body_is_an_error_of_the_server(body: bytes, kind: int) -> None:
    statuses = []
    for read in (
        lambda: parse_predict(body, lambda name: signature(name, x=kind)),
        lambda: examples.read_json(body),
    ):
        try:
            read()
        except Exception as error:  # noqa: BLE001 # any that there is
            statuses.append(as_status(error).code)
    assert set(statuses) <= {Code.INVALID_ARGUMENT, Code.UNIMPLEMENTED}
