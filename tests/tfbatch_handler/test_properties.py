"""Any mix of good and bad records, in any framing: one line per record, in order."""

from __future__ import annotations

import base64
import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tfbatch_handler.serving import (
    IMAGES,
    REFUSED,
    OldContext,
    classify,
    image_example,
    recordio,
    tfrecord,
)
from tfbatch_handler.handler import Handler
from tfbatch_handler.serving import servers
from tfbatch_handler.serving.http import Reply

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tfbatch_handler.serving.sockets import Wait

images = st.binary(min_size=1, max_size=40)
refused = st.builds(lambda tail: REFUSED + tail, st.binary(max_size=8))
payloads = settings(
    max_examples=850,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture(scope="module")
def handler() -> Iterator[Handler]:
    """A handler whose TensorFlow Serving is a function: thousands of payloads, no socket."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(servers.Fleet, "_try", _answer)
        handler = Handler(code=Path(), environment={"TFBATCH_BATCH_SIZE": "5"})
        yield handler
        handler.close()


def _answer(_: object, method: str, path: str, body: Any, *, wait: Wait) -> Reply:  # noqa: ANN401
    assert wait.seconds > 0
    if method == "GET" and not path.endswith("/metadata"):
        return _reply(200, {"model_version_status": [{"version": "1", "state": "AVAILABLE"}]})
    if method == "GET":
        signatures = {"signature_def": {"signature_def": {"serving_default": IMAGES}}}
        return _reply(200, {"metadata": signatures})
    assert path == "/v1/models/m:predict"
    try:
        instances = json.loads(b"".join(map(bytes, body)))["instances"]
        return _reply(200, {"predictions": [classify(instance) for instance in instances]})
    except (ValueError, KeyError, TypeError) as error:
        return _reply(400, {"error": str(error)})


def _reply(status: int, value: Any) -> Reply:  # noqa: ANN401
    return Reply(status=status, body=json.dumps(value, indent=1).encode())


def lines(handler: Handler, payload: bytes, kind: str) -> list[Any]:
    context = OldContext("http://localhost:1/v1/models/m:predict", kind, "application/jsonlines")
    body, _ = handler(io.BytesIO(payload), context)
    return [json.loads(line) for line in body.split(b"\n")] if body else []


def alone(handler: Handler, image: bytes) -> Any:  # noqa: ANN401
    return lines(handler, image, "image/jpeg")[0]


def check(handler: Handler, found: list[Any], records: list[bytes | None]) -> None:
    """A line per record; ``None`` stands for one that can't be decoded."""
    assert len(found) == len(records)
    for number, (line, record) in enumerate(zip(found, records, strict=True)):
        if record is None or record.startswith(REFUSED):
            assert line["error"]["record"] == number
            assert line["error"]["code"] == ("Refused" if record else "InvalidRecord")
        else:
            assert line == alone(handler, record)


@payloads
@given(records=st.lists(st.one_of(images, refused, st.none()), max_size=14), data=st.data())
def test_tfrecord(handler: Handler, records: list[bytes | None], data: st.DataObject) -> None:
    broken = st.sampled_from([_flip, lambda _: tfrecord(b"\x0a\x7f"), lambda _: tfrecord(b"")])
    frames = [
        data.draw(broken)(tfrecord(image_example(b"lost")))
        if record is None
        else tfrecord(image_example(record))
        for record in records
    ]
    check(handler, lines(handler, b"".join(frames), "application/x-tfrecord"), records)


def _flip(frame: bytes) -> bytes:
    return frame[:15] + bytes([frame[15] ^ 4]) + frame[16:]


@payloads
@given(records=st.lists(st.one_of(images, refused), max_size=8), cut=st.integers(1, 15))
def test_torn_tfrecord(handler: Handler, records: list[bytes], cut: int) -> None:
    payload = b"".join(tfrecord(image_example(record)) for record in records)
    found = lines(handler, payload + tfrecord(b"lost")[:cut], "application/x-tfrecord")
    assert found.pop()["error"]["code"] == "TornFrame"
    check(handler, found, list(records))


@payloads
@given(records=st.lists(st.one_of(images, refused), max_size=14))
def test_recordio(handler: Handler, records: list[bytes]) -> None:
    found = lines(handler, b"".join(map(recordio, records)), "application/x-recordio")
    check(handler, found, list(records))


@payloads
@given(
    records=st.lists(st.one_of(images, refused, st.none()), min_size=1, max_size=14),
    garbage=st.sampled_from(["", "{", "nul", "[1,"]),
)
def test_json_lines(handler: Handler, records: list[bytes | None], garbage: str) -> None:
    text = "\n".join(garbage if record is None else _b64(record) for record in records)
    check(handler, lines(handler, text.encode() + b"\n", "application/jsonlines"), records)


def _b64(image: bytes) -> str:
    return json.dumps({"b64": base64.b64encode(image).decode()})


@payloads
@given(rows=st.lists(st.text(st.characters(codec="utf-8"), min_size=1), min_size=1, max_size=9))
def test_csv_gives_a_line_per_row_whatever_is_in_it(handler: Handler, rows: list[str]) -> None:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([row] for row in rows)
    assert len(lines(handler, text.getvalue().encode(), "text/csv")) == len(rows)


ANY_KIND = [
    "application/x-tfrecord", "application/x-recordio", "application/x-tfexample", "image/png",
    "application/json", "application/jsonlines", "text/csv", "text/csv; header=present",
    "application/x-npy", "image/tiff",
]  # fmt: skip


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's, on its way to an exception
@payloads
@given(
    kind=st.sampled_from(ANY_KIND),
    start=st.sampled_from([b"", b"\x93NUMPY\x01\x00", b"\x0a", b"{", b"II*\x00"]),
    junk=st.binary(max_size=200),
)
def test_junk_never_ends_in_an_unhandled_exception(
    handler: Handler, kind: str, start: bytes, junk: bytes
) -> None:
    for line in lines(handler, start + junk, kind):
        assert isinstance(line, dict)
