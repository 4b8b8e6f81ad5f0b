"""``tfbatch predict``, as a person runs it against an endpoint of the sandbox."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from tests.end_to_end.endpoint.conftest import RED
from tests.tfbatch_sandbox.images import png
from tfbatch.cli import cli
from tfbatch.predict.content_types import guess
from tfbatch.records import example, tfrecord
from tfbatch.terminal.problem import Problem

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

    from tests.end_to_end.endpoint.conftest import Account


@pytest.fixture(autouse=True)
def _sandbox(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in account.sandbox.environment.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "blue.png").write_bytes(png(0, 0, 255))
    (folder / "green.png").write_bytes(png(0, 255, 0))
    (folder / "red.png").write_bytes(RED)
    return folder


def predict(*arguments: str | Path, endpoint: str | None = "photos") -> Result:
    chosen = ["--endpoint", endpoint] if endpoint else []
    return CliRunner().invoke(cli, ["predict", *map(str, arguments), *chosen])


@pytest.mark.usefixtures("endpoint")
def test_a_folder_gets_a_row_for_each_photograph(photos: Path) -> None:
    result = predict(photos)
    assert result.exit_code == 0, result.output
    names = re.findall(r"(\w+)\.png +[0-2] +57\.6% ", result.output)
    assert names == ["blue", "green", "red"]
    assert "3 records of 3 files" in result.output


@pytest.mark.usefixtures("endpoint")
def test_json_has_a_line_for_each_file_in_their_order(photos: Path) -> None:
    result = predict(photos, "--json", "--at-once", "2")
    assert result.exit_code == 0, result.output
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert [answer["file"].rpartition("/")[2] for answer in answers] == [
        "blue.png",
        "green.png",
        "red.png",
    ]
    classes = [answer["predictions"][0]["top_k"][0]["class"] for answer in answers]
    assert classes == [2, 1, 0]


@pytest.mark.usefixtures("endpoint")
def test_a_file_of_many_records_gets_a_row_for_each(tmp_path: Path) -> None:
    records = [example.encode({"image/encoded": image}) for image in (RED, b"none", png(0, 0, 9))]
    file = tmp_path / "three.tfrecord"
    file.write_bytes(b"".join(map(tfrecord.frame, records)))
    result = predict(file)
    assert result.exit_code == 3, result.output  # one has no prediction
    assert [f"#{number}" in result.output for number in range(4)] == [True, True, True, False]
    assert "Refused" in result.output


@pytest.mark.usefixtures("endpoint")
def test_a_file_that_gets_no_answer_is_named_with_the_reason_and_the_others_go_on(
    photos: Path,
) -> None:
    (photos / "a.png").write_bytes(b"x" * (6 * 1024**2 + 1))
    (photos / "what").write_bytes(b"?")
    result = predict(photos, "--json")
    assert result.exit_code == 3
    errors = [json.loads(line).get("error") for line in result.stdout.splitlines()]
    assert "larger than the 6 MiB that an endpoint takes: use 'tfbatch run'" in errors[0]
    assert "say so with --content-type" in errors[4]
    assert errors[1:4] == [None, None, None]


@pytest.mark.usefixtures("endpoint")
def test_what_the_container_refuses_is_told_in_its_words_with_its_log(photos: Path) -> None:
    result = predict(photos / "red.png", "--content-type", "video/mp4", "--json")
    assert result.exit_code == 1
    error = json.loads(result.stdout)["error"]
    assert error.startswith("the container answered 415: no format for Content-Type 'video/mp4'")
    assert "aws logs tail /aws/sagemaker/Endpoints/photos" in error


@pytest.mark.usefixtures("endpoint")
def test_a_json_list_is_a_record_for_each_element(tmp_path: Path) -> None:
    document = [{"b64": base64.b64encode(image).decode()} for image in (RED, png(0, 255, 0))]
    file = tmp_path / "two.json"
    file.write_text(json.dumps({"instances": document}))
    result = predict(file, "--json")
    assert result.exit_code == 0, result.output
    answers = json.loads(result.stdout)["predictions"]
    assert [answer["top_k"][0]["class"] for answer in answers] == [0, 1]


def test_show_aws_prints_the_commands_that_do_the_same(photos: Path) -> None:
    result = predict(photos / "red.png", "--show-aws")
    assert result.stdout.strip() == (
        "aws sagemaker-runtime invoke-endpoint --endpoint-name photos --content-type image/png "
        f"--accept application/json --body fileb://{photos}/red.png red.png.out"
    )


@pytest.mark.parametrize(
    ("endpoint", "says"),
    [
        pytest.param("nobody", "There is no endpoint 'nobody'", id="another name"),
        pytest.param(None, "Stage dev has no endpoint", id="none deployed"),
    ],
)
def test_without_an_endpoint_the_remedy_is_told(
    photos: Path, endpoint: str | None, says: str
) -> None:
    result = predict(photos, endpoint=endpoint)
    assert result.exit_code == 1
    assert says in result.stderr


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    result = predict(tmp_path / "missing.jpg")
    assert result.exit_code == 1
    assert "missing.jpg" in result.stderr


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("cat.JPG", b"", "image/jpeg"),
        ("rows.csv", b"1,2", "text/csv"),
        ("part-00000-of-00010.tfrecord", b"", "application/x-tfrecord"),
        ("cat", b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("cat", b"\x89PNG\r\n\x1a\n", "image/png"),
    ],
)
def test_a_type_is_told_by_the_name_and_else_by_the_first_bytes(
    name: str, content: bytes, kind: str
) -> None:
    assert guess(name, content) == kind


def test_a_type_that_nothing_tells_is_asked_for() -> None:
    with pytest.raises(Problem, match="notes: its name doesn't tell what it is"):
        guess("notes", b"hello")
