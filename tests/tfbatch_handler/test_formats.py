"""Every row of the formats table."""

from __future__ import annotations

import base64
import contextlib
import csv
import io
import json
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.tfbatch_handler.serving import (
    IMAGES,
    REFUSED,
    Model,
    example,
    image_example,
    recordio,
    sequence_example,
    tensor,
    tfrecord,
)
from tfbatch_handler import formats
from tfbatch_handler.formats import UnknownFormatError
from tfbatch_handler.signature import Signature, SignatureError, Tensor

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.tfbatch_handler.conftest import Service

    Serve = Callable[..., Service]


def numbers(dtype: str = "FLOAT", *shape: int) -> Model:
    """A model that doubles numbers and gives one output."""
    signature = {
        "inputs": {"x": tensor(dtype, -1, *shape)},
        "outputs": {"y": tensor(dtype, -1, *shape)},
    }
    return Model(signature, lambda value: (np.array(value) * 2).tolist())


def echo(**inputs: dict[str, Any]) -> Model:
    """A model that gives back its instance as text."""
    signature = {"inputs": inputs, "outputs": {"y": tensor("STRING", -1)}}
    return Model(signature, lambda value: json.dumps(value, sort_keys=True))


@pytest.mark.parametrize(
    "kind", ["image/jpeg", "image/png", "image/webp", "application/x-image", "Image/JPEG; q=1"]
)
def test_an_image_is_one_record_with_its_bytes_as_they_are(serve: Serve, kind: str) -> None:
    assert serve().lines(b"12345", kind) == [
        {"predictions": [{"classes": 5, "probabilities": [0.05, 0.051, 0.052, 0.053]}]}
    ]


def test_a_tf_example_gives_the_feature_named_for_the_input(serve: Serve) -> None:
    payload = image_example(b"123")
    assert serve().lines(payload, "application/x-tfexample")[0]["predictions"][0]["classes"] == 3


def test_features_map_to_several_inputs_by_name_type_and_shape(serve: Serve) -> None:
    model = echo(
        image=tensor("STRING", -1),
        matrix=tensor("FLOAT", -1, 2, -1),
        count=tensor("INT64", -1, 1),
        weight=tensor("FLOAT", -1),
    )
    service = serve(model, TFBATCH_FEATURES='{"image": "image/encoded", "count": "n"}')
    features: dict[str, Any] = {"image/encoded": b"\xff\x00", "n": [-7], "weight": [3]}
    payload = example(**features, matrix=[1.0, 2.0, 3.0, 4.0])
    line = service.lines(payload, "application/x-tfexample")[0]
    assert json.loads(line["predictions"][0]) == {
        "image": {"b64": "/wA="},
        "matrix": [[1.0, 2.0], [3.0, 4.0]],
        "count": [-7],
        "weight": 3,
    }


@pytest.mark.parametrize("environment", [{}, {"TFBATCH_FEATURES": '{"tensors": "*"}'}])
def test_a_servable_that_parses_examples_gets_them_whole(
    serve: Serve, environment: dict[str, str]
) -> None:
    name = "tensors" if environment else "examples"
    model = Model({**IMAGES, "inputs": {name: tensor("STRING", -1)}})
    payload = image_example(b"123")
    line = serve(model, **environment).lines(payload, "application/x-tfexample")[0]
    assert line["predictions"][0]["classes"] == len(payload)


@pytest.mark.parametrize("count", [0, 1, 3, 70])
def test_tfrecord_payloads_hold_as_many_records_as_they_have_frames(
    serve: Serve, count: int
) -> None:
    payload = b"".join(tfrecord(image_example(bytes(size))) for size in range(1, count + 1))
    lines = serve().lines(payload, "application/x-tfrecord")
    assert [line["predictions"][0]["classes"] for line in lines] == list(range(1, count + 1))


def test_recordio_frames_may_hold_their_own_magic_number(serve: Serve) -> None:
    magic = struct.pack("<I", 0xCED7230A)
    images = [b"abc", magic, b"1" + magic + b"2" + magic, b"longer than the others"]
    lines = serve().lines(b"".join(map(recordio, images)), "application/x-recordio")
    assert [line["predictions"][0]["classes"] for line in lines] == [len(image) for image in images]


def test_recordio_of_examples_for_a_model_of_numbers(serve: Serve) -> None:
    payload = recordio(example(x=[1.0, 2.0])) * 2
    lines = serve(numbers("FLOAT", 2)).lines(payload, "application/x-recordio")
    assert lines == [{"predictions": [[2.0, 4.0]]}] * 2


@pytest.mark.parametrize(
    ("body", "doubled"),
    [
        ({"instances": [[1.0], [2.0]]}, [[2.0], [4.0]]),
        ({"signature_name": "serving_default", "instances": [[1.0]]}, [[2.0]]),
        ([[1.0], [3.0]], [[2.0], [6.0]]),
        (5.0, [[10.0]]),
    ],
)
def test_json_is_answered_as_tensorflow_serving_answers_it(
    serve: Serve, body: object, doubled: object
) -> None:
    text = serve(numbers("FLOAT", 1)).send(json.dumps(body).encode(), "application/json")
    assert json.loads(text) == {"predictions": doubled}
    assert "\n" not in text


def test_json_lines_are_asked_for_by_accept(serve: Serve) -> None:
    payload = json.dumps({"instances": [1.0, 2.0]}).encode()
    lines = serve(numbers()).lines(payload, "application/json", "application/jsonlines")
    assert lines == [{"predictions": [2.0]}, {"predictions": [4.0]}]


def test_columns_are_passed_on_whole_and_answered_in_columns(serve: Serve) -> None:
    payload = json.dumps({"inputs": [{"b64": "MTIz"}, {"b64": "MQ=="}]}).encode()
    text = serve().send(payload, "application/json")
    assert "\n" not in text
    assert json.loads(text)["outputs"]["classes"] == [3, 1]
    lines = serve().lines(payload, "application/json")
    assert [line["predictions"][0]["classes"] for line in lines] == [3, 1]


@pytest.mark.parametrize("kind", ["application/jsonlines", "application/jsons"])
def test_json_lines_hold_an_instance_each(serve: Serve, kind: str) -> None:
    lines = serve(numbers("FLOAT", 1)).lines(b"[1.0]\n[2.5]\n", kind)
    assert lines == [{"predictions": [[2.0]]}, {"predictions": [[5.0]]}]


def test_csv_rows_are_the_values_of_the_only_input(serve: Serve) -> None:
    lines = serve(numbers("INT64", 3)).lines(b"1,2,3\n4,5,6\n", "text/csv")
    assert lines == [{"predictions": [[2, 4, 6]]}, {"predictions": [[8, 10, 12]]}]


def test_csv_cells_may_hold_quotes_commas_and_newlines(serve: Serve) -> None:
    rows = ['a "quoted", cell', "two\nlines", "ünïcode"]
    text = io.StringIO()
    csv.writer(text).writerows([row] for row in rows)
    lines = serve(echo(x=tensor("STRING", -1))).lines(text.getvalue().encode(), "text/csv")
    assert [json.loads(line["predictions"][0]) for line in lines] == rows


def test_csv_columns_map_to_inputs_by_their_header(serve: Serve) -> None:
    model = echo(age=tensor("INT64", -1), name=tensor("STRING", -1, 1))
    payload = b"name,ignored,age\nAda,x,36\n"
    line = serve(model).lines(payload, "text/csv; header=present")[0]
    assert json.loads(line["predictions"][0]) == {"age": 36, "name": ["Ada"]}


def test_columns_of_lines_are_named_by_the_content_type(serve: Serve) -> None:
    model = echo(age=tensor("INT64", -1), name=tensor("STRING", -1))
    kind = "text/csv; columns=name,age; keys=name"
    good, header = serve(model).lines(b"Ada,36\nname,age\n", kind)
    assert json.loads(good["predictions"][0]) == {"age": 36, "name": "Ada"}
    assert good["key"] == {"name": "Ada"}
    assert "the row is the header" in header["error"]["message"]


def test_csv_without_a_header_for_several_inputs_says_what_to_do(serve: Serve) -> None:
    model = echo(age=tensor("INT64", -1), name=tensor("STRING", -1))
    with pytest.raises(SignatureError, match=r"no column age, name.*header=present"):
        serve(model).lines(b"Ada,36\n", "text/csv")


def test_csv_comes_out_so_that_join_works(serve: Serve) -> None:
    text = serve(numbers("FLOAT", 2)).send(b"1,2\nx,y\n3,4\n", "text/csv", "text/csv")
    assert text.splitlines()[0] == "2.0,4.0"
    assert text.splitlines()[1].startswith("error,InvalidRecord,")
    assert len(text.splitlines()) == 3


@pytest.mark.parametrize(
    ("array", "shape", "doubled"),
    [
        (np.array([[1, 2], [3, 4]], np.int64), (2,), [[[2, 4]], [[6, 8]]]),
        (np.array([1.5, 2.0], np.float32), (2,), [[[3.0, 4.0]]]),
        (np.array(3, np.int32), (), [[6]]),
        (np.ones((1, 2, 2), np.uint8), (2, 2), [[[[2, 2], [2, 2]]]]),
    ],
)
def test_npy_is_a_batch_when_it_has_the_inputs_rank(
    serve: Serve, array: np.ndarray[Any, Any], shape: tuple[int, ...], doubled: list[Any]
) -> None:
    file = io.BytesIO()
    np.save(file, array)
    lines = serve(numbers("FLOAT", *shape)).lines(file.getvalue(), "application/x-npy")
    assert [line["predictions"] for line in lines] == doubled


def test_npy_that_numpy_could_not_read_safely_is_a_bad_record(serve: Serve) -> None:
    file = io.BytesIO()
    np.save(file, np.array([{}], dtype=object), allow_pickle=True)
    line = serve(numbers()).lines(file.getvalue(), "application/x-npy")[0]
    assert "its type is '|O'" in line["error"]["message"]


def test_tiff_is_converted_to_jpeg_and_resized(serve: Serve) -> None:
    seen: list[bytes] = []

    def see(value: dict[str, bytes]) -> dict[str, Any]:
        seen.append(value["b64"])
        return {"classes": 0, "probabilities": []}

    file = io.BytesIO()
    Image.new("CMYK", (2000, 1000), (0, 200, 30, 0)).save(file, "TIFF")
    serve(Model(IMAGES, see)).lines(file.getvalue(), "image/tiff")
    with Image.open(io.BytesIO(base64.b64decode(seen[0]))) as jpeg:
        assert (jpeg.format, jpeg.size) == ("JPEG", (512, 256))


def test_an_unknown_content_type_lists_the_known_ones(serve: Serve) -> None:
    with pytest.raises(
        UnknownFormatError, match=r"no format for Content-Type 'audio/ogg'.*image/\*"
    ):
        serve().lines(b"x", "audio/ogg")


def test_images_for_a_model_of_numbers_say_what_it_takes(serve: Serve) -> None:
    with pytest.raises(SignatureError, match=r"\(x: float\[\?,2\]\)"):
        serve(numbers("FLOAT", 2)).lines(b"x", "image/jpeg")


def test_top_k_names_the_likeliest_classes(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("zero\none\ntwo\nthree\n")
    service = serve(TFBATCH_OUTPUT="top_k", TFBATCH_TOP_K="2")
    assert service.lines(bytes([9, 7, 200, 7]), "image/jpeg") == [
        {
            "top_k": [
                {"class": 2, "label": "two", "probability": 0.201},
                {"class": 0, "label": "zero", "probability": 0.01},
            ]
        }
    ]
    assert (
        service.send(bytes([9, 7, 200, 7]), "image/jpeg", "text/csv") == "2,two,0.201,0,zero,0.01"
    )


def test_fields_chooses_and_renames_outputs(serve: Serve) -> None:
    service = serve(TFBATCH_OUTPUT="fields", TFBATCH_FIELDS='{"size": "classes"}')
    assert service.lines(b"123", "image/jpeg") == [{"size": 3}]


def test_a_prediction_that_would_look_like_an_error_line_is_refused(serve: Serve) -> None:
    server = serve(numbers(), TFBATCH_OUTPUT="fields", TFBATCH_FIELDS='{"error": "y"}')
    with pytest.raises(SignatureError, match=r"fields=\{'value': 'y'\}"):
        server.lines(b"[1]", "application/jsonlines")


def test_white_space_in_string_outputs_survives(serve: Serve) -> None:
    model = echo(x=tensor("STRING", -1))
    lines = serve(model).lines(b'"a  b, c"\n', "application/jsonlines")
    assert json.loads(lines[0]["predictions"][0]) == "a  b, c"


def test_a_refused_image_is_an_error_line_with_tensorflows_words(serve: Serve) -> None:
    line = serve().lines(REFUSED, "image/jpeg")[0]
    assert line["error"]["code"] == "Refused"
    assert "got unknown format" in line["error"]["message"]


KEYED = [
    (
        "application/jsonlines; keys=id,row%20no",
        b'{"id": "a", "x": 1, "row no": [7]}\n{"id": NaN, "x": "?"}\n{"x": 3}\n{',
        [{"id": "a", "row no": [7]}, {"id": None, "row no": None}, {}, {}],
    ),
    (
        "text/csv; header=present; keys=id",
        b'id,x\n"a,\xc3\xbc",1\nb,?\n,3\nd\n',
        [{"id": "a,ü"}, {"id": "b"}, {"id": ""}, {"id": "d"}],
    ),
    (
        "application/x-tfrecord; keys=id",
        b"".join(
            tfrecord(example(**features))
            for features in ({"id": b"a", "x": [1]}, {"id": [4, 5], "x": b"?"}, {"x": [3]}, {})
        ),
        [{"id": "a"}, {"id": [4, 5]}, {}, {}],
    ),
]


@pytest.mark.parametrize(("kind", "payload", "keys"), KEYED)
def test_key_fields_come_back_in_every_line(
    serve: Serve, kind: str, payload: bytes, keys: list[dict[str, Any]]
) -> None:
    names = kind.partition("keys=")[2].replace("%20", " ").split(",")
    lines = serve(numbers()).lines(payload, kind)
    assert [line["key"] for line in lines] == [dict.fromkeys(names) | key for key in keys]
    bodies = [{name: value for name, value in line.items() if name != "key"} for line in lines]
    assert [bodies[0], bodies[2]] == [{"predictions": [2.0]}, {"predictions": [6.0]}]
    assert [body["error"]["record"] for body in (bodies[1], bodies[3])] == [1, 3]


def test_key_fields_come_back_in_a_document_s_lines_and_in_csv(serve: Serve) -> None:
    payload = json.dumps({"instances": [{"id": 1, "x": 1}, {"id": 2, "x": 2}]}).encode()
    service = serve(numbers())
    text = service.send(payload, "application/json; keys=id")
    assert [json.loads(line)["key"] for line in text.split("\n")] == [{"id": 1}, {"id": 2}]
    rows = service.send(b"id,x\na,1\nb,?\n", "text/csv; header=present; keys=id", "text/csv")
    assert rows.split("\n")[0] == "a,2.0"
    assert rows.split("\n")[1].startswith("b,error,InvalidRecord,")


def test_an_output_with_the_name_of_the_key_fields_must_get_another(serve: Serve) -> None:
    service = serve(numbers(), TFBATCH_OUTPUT="fields", TFBATCH_FIELDS='{"key": "y"}')
    assert service.lines(b'{"x": 1}', "application/jsonlines") == [{"key": 2.0}]
    with pytest.raises(SignatureError, match=r"fields=\{'value': 'y'\}"):
        service.lines(b'{"x": 1}', "application/jsonlines; keys=id")


def test_a_key_that_the_header_lacks_is_named(serve: Serve) -> None:
    with pytest.raises(SignatureError, match=r"no column id.*Format\.keys"):
        serve(numbers()).lines(b"x\n1\n", "text/csv; header=present; keys=id")


def test_a_sequence_example_without_the_feature_lists_its_features(serve: Serve) -> None:
    record = sequence_example({"y": [1]}, {"steps": [[2.0], [3.0]]})
    (line,) = serve(numbers()).lines(record, "application/x-tfexample")
    message = line["error"]["message"]
    assert message == "feature 'x' is missing (the tf.Example has: steps, y)"


def test_key_fields_of_a_sequence_example_come_back(serve: Serve) -> None:
    record = sequence_example({"id": [7]}, {"x": [[1.0, 2.0]], "words": [b"a", b"b"]})
    kind = "application/x-tfexample; keys=id,words"
    (line,) = serve(numbers("FLOAT", -1, 2)).lines(record, kind)
    assert line["key"] == {"id": 7, "words": [["a"], ["b"]]}
    assert "predictions" in line


def test_a_line_of_plain_text_is_a_record(serve: Serve) -> None:
    model = echo(x=tensor("STRING", -1, 1))
    lines = serve(model).lines('good\r\nawful, "boring"\n\nü'.encode(), "text/plain")
    assert [json.loads(line["predictions"][0]) for line in lines] == [
        ["good"],
        ['awful, "boring"'],
        [""],
        ["ü"],
    ]
    (line,) = serve(model).lines(b"\xff", "text/plain")
    assert "not Unicode" in line["error"]["message"]


@pytest.mark.parametrize("kind", [*formats.load(), "text/csv; header=present; keys=x"])
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(payload=st.one_of(st.binary(max_size=200), st.text(max_size=100).map(str.encode)))
def test_no_payload_makes_a_decoder_fail(kind: str, payload: bytes) -> None:
    kind, chosen, parameters = formats.choose(formats.load(), kind.replace("*", "jpeg"))
    for inputs in ({"x": ("FLOAT", (-1, 2))}, {"x": ("STRING", (-1,))}):
        signature = Signature(
            inputs={
                name: Tensor(name="t:0", dtype=dtype, shape=shape)
                for name, (dtype, shape) in inputs.items()
            },
            outputs={},
        )
        request = formats.Request(signature=signature, features={}, parameters=parameters)
        with contextlib.suppress(SignatureError):
            chosen.decode(payload, request)
