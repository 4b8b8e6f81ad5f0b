"""DataProcessing's filters and joins: the developer guide's own examples, and its errors."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tfbatch_sandbox.transform.failure import ObjectFailure
from tfbatch_sandbox.transform.records import jsonpath
from tfbatch_sandbox.transform.records.processing import Processing

VALUE = {"id": 7, "features": [10, 20, 30, 40], "field1": {"child1": 1, "child2": 2, "x": 3}}
ROW = ["id", "a", "b", "c", "d", "e", "f"]


@pytest.mark.parametrize(
    ("path", "value", "selected"),
    [
        ("$", VALUE, VALUE),
        ("$.id", VALUE, 7),
        ("$['id']", VALUE, 7),
        ("$.features", VALUE, [10, 20, 30, 40]),
        ("$.features[0]", VALUE, 10),
        ("$.features[-1]", VALUE, 40),
        ("$.features[0,2]", VALUE, [10, 30]),
        ("$.field1.*", VALUE, [1, 2, 3]),
        ("$.field1.['child1','child2']", VALUE, {"child1": 1, "child2": 2}),
        ("$['id','field1']", VALUE, {"id": 7, "field1": VALUE["field1"]}),
        ("$[1:]", ROW, ROW[1:]),
        ("$[1:4]", ROW, ROW[1:5]),  # "the second through fifth columns"
        ("$[:5]", ROW, ROW[:6]),  # "through the sixth column"
        ("$[2:-1]", ROW, ROW[2:]),
        ("$[0,-1]", ROW, ["id", "f"]),
    ],
)
def test_each_operator_of_the_guide_selects_what_it_says(
    path: str, value: object, selected: object
) -> None:
    assert jsonpath.parse(path).select(value) == selected


@pytest.mark.parametrize("path", ["id", "$..id", "$.a[?(@.x>1)]", "$['a.b'", "$[a]", "$[1,'a']"])
def test_an_operator_outside_the_subset_is_refused(path: str) -> None:
    with pytest.raises(jsonpath.PathError, match=r"JSONPath|operator"):
        jsonpath.parse(path)


@pytest.mark.parametrize(
    "path", ["$.missing", "$.features[9]", "$.id[0]", "$.features.name", "$[0]"]
)
def test_a_path_that_names_nothing_says_so(path: str) -> None:
    with pytest.raises(jsonpath.PathError, match="names nothing"):
        jsonpath.parse(path).select(VALUE)


def processing(
    input_filter: str = "$", output: str = "$", *, joins: bool = True, is_csv: bool = False
) -> Processing:
    return Processing(
        input_filter=jsonpath.parse(input_filter),
        output_filter=jsonpath.parse(output),
        joins=joins,
        is_csv=is_csv,
        is_lines=True,
    )


def after(record: object, result: object, *, joins: bool = True, output: str = "$") -> object:
    return json.loads(
        processing(joins=joins, output=output).after(
            [json.dumps(record).encode()], json.dumps(result).encode()
        )
    )


def test_a_result_joins_an_object_as_sagemaker_output() -> None:
    assert after({"key": 1}, {"label": 1}) == {"key": 1, "SageMakerOutput": {"label": 1}}


def test_a_result_overwrites_an_attribute_of_its_name() -> None:
    assert after({"SageMakerOutput": 0}, 5) == {"SageMakerOutput": 5}


@pytest.mark.parametrize("record", [[1, 2], "text", 3, None])
def test_a_result_joins_what_is_no_object_in_a_new_one(record: object) -> None:
    assert after(record, 9) == {"SageMakerInput": record, "SageMakerOutput": 9}


def test_the_guides_json_example_leaves_id_and_result() -> None:
    record = {"id": 3, "features": [1, 2]}
    assert processing("$.features").before(json.dumps(record).encode()) == b"[1,2]"
    assert after(record, 0.5, output="$['id','SageMakerOutput']") == {
        "id": 3,
        "SageMakerOutput": 0.5,
    }


def test_the_guides_csv_example_keeps_the_id_out_of_the_request_and_in_the_result() -> None:
    csv = processing("$[1:]", "$[0,-1]", is_csv=True)
    assert csv.before(b"id9,1,2") == b"1,2"
    assert csv.after([b"id9,1,2", b"id8,3,4"], b"yes\nno\n") == b"id9,yes\nid8,no"


def test_csv_fields_with_commas_and_quotes_stay_whole() -> None:
    csv = processing(is_csv=True)
    assert csv.after([b'"a,b","say ""x""",1'], b"2") == b'"a,b","say ""x""",1,2'


def test_without_a_join_the_output_filter_sees_the_result_alone() -> None:
    assert after({"id": 1}, {"score": 2, "rest": 3}, joins=False, output="$.score") == 2


@pytest.mark.parametrize(
    ("record", "reply", "options", "words"),
    [
        (b"1,2", b"3", {"is_csv": True, "output": "$[7]"}, "names nothing"),
        (b"1,2", b"3", {"is_csv": True, "output": "$.name"}, "names nothing"),
        (b"{", b"3", {}, "not JSON"),
        (b"{}", b"oops", {}, "not JSON"),
        (b"{}", b"1\n2", {}, "2 results for 1 records"),
        (b"\xff", b"1", {"is_csv": True}, "not CSV"),
        # What TensorFlow Serving answers to one record of CSV.
        (b"1,2", b'{\n    "predictions": [1.0\n    ]\n}', {"is_csv": True}, "4 results for 1"),
    ],
)
def test_what_can_not_be_joined_is_a_client_error(
    record: bytes, reply: bytes, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(ObjectFailure, match=words) as failure:
        processing(**options).after([record], reply)
    assert failure.value.kind == "ClientError"
