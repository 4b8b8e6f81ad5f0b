"""CSV and JSON lines to the model server's JSON, as each image's script does it."""

from __future__ import annotations

import pytest

from tfbatch_sandbox.container.njs import (
    UnsupportedMediaTypeError,
    error,
    to_predict_request,
    to_reply,
)
from tfbatch_sandbox.container.profile import PROFILES

OLD, NEW = PROFILES["2.19"], PROFILES["2.20"]
CASES = [
    ("application/json", '{"instances": [1]}', '{"instances": [1]}'),
    ("application/json", "[[1, 2], [3, 4]]", '{"instances":[[1, 2], [3, 4]]}'),
    ("application/json", "[1, 2]", '{"instances":[[1, 2]]}'),
    ("application/json", '{"x": 1}', '{"instances":[{"x": 1}]}'),
    ("application/jsonlines", '{"x": 1}\r\n\n{"x": 2}\n', '{"instances":[{"x": 1},{"x": 2}]}'),
    ("application/jsons", "[1]\n[2]", '{"instances":[[1],[2]]}'),
    ("text/csv", "1.5,-2e3\n3,4", '{"instances":[[1.5,-2e3],[3,4]]}'),
    ("text/csv", "1\n2\n", '{"instances":[1,2]}'),
]
ONLY_NEW = [
    ('a,1,"b ""c"", d"', '{"instances":[["a",1,"b \\"c\\", d"]]}'),
    ("a,b,c", '{"instances":[["a","b","c"]]}'),
    ("007,1", '{"instances":[["007",1]]}'),
]
ONLY_OLD = [
    ("a,b", '{"instances":[["a","b"]]}'),
    ("a,b,c", '{"instances":[["a","b,c"]]}'),  # as it is: only the first comma is replaced
    ('"a,b"', '{"instances":[["a,b"]]}'),
]


@pytest.mark.parametrize(("kind", "body", "wanted"), CASES)
@pytest.mark.parametrize("profile", [OLD, NEW], ids=["2.19", "2.20"])
def test_json_lines_and_csv_become_instances(
    kind: str, body: str, wanted: str, profile: object
) -> None:
    assert to_predict_request(body, kind, profile) == wanted  # type: ignore[arg-type]


def test_csv_text_is_parsed_from_2_20_on_and_guessed_before() -> None:
    for body, wanted in ONLY_NEW:
        assert to_predict_request(body, "text/csv; charset=utf-8", NEW) == wanted
    for body, wanted in ONLY_OLD:
        assert to_predict_request(body, "text/csv", OLD) == wanted
    with pytest.raises(UnsupportedMediaTypeError, match=r"Type: text/csv; charset=utf-8$"):
        to_predict_request("1", "text/csv; charset=utf-8", OLD)


def test_a_request_without_a_content_type_is_refused() -> None:
    with pytest.raises(UnsupportedMediaTypeError, match="Unsupported Media Type: Unknown") as no:
        to_predict_request("1", None, NEW)
    assert error(str(no.value), NEW) == '{"error":"Unsupported Media Type: Unknown"}'
    assert error(str(no.value), OLD) == '{"error": "Unsupported Media Type: Unknown"}'


def test_a_reply_is_put_on_one_line_only_for_who_accepts_json_by_name() -> None:
    reply = '{\n"predictions": [1\n]\n}'
    assert to_reply(reply, "text/csv, application/json") == '{"predictions": [1]}'
    assert to_reply(reply, None) == to_reply(reply, "*/*") == reply
