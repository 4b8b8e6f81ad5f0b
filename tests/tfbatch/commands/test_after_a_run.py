"""What people do when a run is over, or before the next: results, report, inspect, tune."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from pyarrow import parquet

from tests.paths import REPOSITORY
from tests.tfbatch_sandbox.images import png
from tfbatch.records import example, tfrecord

if TYPE_CHECKING:
    from pathlib import Path

    from tests.deployment import Deployment

EVIL = "<img src=x onerror=alert(1)>.png"
RED, GREEN, BLUE = png(255, 0, 0), png(0, 255, 0), png(0, 0, 255)
PHOTOS = {"=a.png": RED, EVIL: GREEN, "c d/ü.png": BLUE, "broken.png": b"no image"}


@pytest.fixture(scope="module")
def run(deployment: Deployment) -> str:
    """The name of a run over four photographs, one of them broken."""
    uri = deployment.upload("after/photos", PHOTOS)
    found = deployment.execute({"input": uri, "format": "jpeg", "model": "tiny"})
    assert found["status"] == "SUCCEEDED", found
    name: str = found["name"]
    return name


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_every_input_is_a_row_with_its_prediction_or_its_error_in_order(
    deployment: Deployment, run: str, tmp_path: Path
) -> None:
    to = tmp_path / "predictions.jsonl"
    said = deployment.run("tfbatch", "results", run, "--to", str(to), "--json")
    rows = lines(to.read_text())
    names = [row["input"].partition("after/photos/")[2] for row in rows]
    assert names == sorted(PHOTOS, key=str.encode)
    assert [row["record"] for row in rows] == [0, 0, 0, 0]
    assert [name for name, row in zip(names, rows, strict=True) if "error" in row] == ["broken.png"]
    assert json.loads(said)["rows"] == 4
    assert json.loads(said)["errors"] == 1


def test_the_same_rows_are_in_parquet_and_in_csv(
    deployment: Deployment, run: str, tmp_path: Path
) -> None:
    for suffix in ("parquet", "csv"):
        deployment.run("tfbatch", "results", run, "--to", str(tmp_path / f"p.{suffix}"))
    table = parquet.read_table(tmp_path / "p.parquet").to_pylist()
    text = (tmp_path / "p.csv").read_text(encoding="utf-8")
    cells = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["input"] for row in cells] == [row["input"] for row in table]
    assert [row["error"] or None for row in cells] == [row["error"] for row in table]


def test_the_records_of_a_file_are_told_by_their_numbers(
    deployment: Deployment, tmp_path: Path
) -> None:
    photos = [RED, b"no image", GREEN]
    tfrecord.write(tmp_path / "a", (example.encode({"image/encoded": photo}) for photo in photos))
    uri = deployment.upload("after/records", {"a.tfrecord": (tmp_path / "a").read_bytes()})
    found = deployment.execute({"input": uri, "format": "tfrecord", "model": "tiny"})
    to = tmp_path / "r.jsonl"
    output = json.loads(found["output"])["output"]
    deployment.run("tfbatch", "results", output, "--to", str(to))
    assert [(row["record"], "error" in row) for row in lines(to.read_text())] == [
        (0, False),
        (1, True),
        (2, False),
    ]


def test_the_report_shows_the_run_and_escapes_what_it_shows(
    deployment: Deployment, run: str, tmp_path: Path
) -> None:
    to = tmp_path / "report.html"
    deployment.run("tfbatch", "report", run, "--to", str(to))
    text = to.read_text(encoding="utf-8")
    assert f"<h1>{run}</h1>" in text
    assert "&lt;img src=x onerror=alert(1)&gt;.png" in text
    assert "<img src=x" not in text
    assert len(re.findall(r'<img loading="lazy"[^>]* src="data:image/jpeg;base64,', text)) == 3
    assert "broken.png #0" in text
    assert "Throughput" in text
    assert "Latency" in text
    assert "Transform jobs" in text


def test_the_deployed_artifact_says_what_it_serves(deployment: Deployment) -> None:
    models = deployment.client("sagemaker").list_models()["Models"]
    model = next(one["ModelName"] for one in models if "tiny" in one["ModelName"])
    described = deployment.client("sagemaker").describe_model(ModelName=model)
    where = described["PrimaryContainer"]["ModelDataUrl"]
    found = json.loads(deployment.run("tfbatch", "inspect", where, "--json"))
    assert (found["handler"], found["servable"]) == (True, True)
    assert found["signatures"]["serving_default"]["inputs"]["image_bytes"]["dtype"] == "STRING"


def test_tuning_says_that_there_are_too_few_records_to_tell(
    deployment: Deployment, tmp_path: Path
) -> None:
    uri = deployment.upload("after/few", {f"{n}.png": RED for n in range(6)})
    with pytest.raises(AssertionError, match="4 jobs of 6 records; 1 requests at a time leave"):
        deployment.run("tfbatch", "tune", uri, "--most", "1", "--to", str(tmp_path / "tune"))
    assert not (tmp_path / "tune").exists()


def test_tuning_measures_jobs_and_writes_a_patch_that_git_applies(
    deployment: Deployment, tmp_path: Path
) -> None:
    uri = deployment.upload("after/tune", {f"{n}.png": RED for n in range(60)})
    said = deployment.run(
        *("tfbatch", "tune", uri, "--most", "2", "--only-concurrency", "--within", "100"),
        *("--to", str(tmp_path), "--json"),
    )
    found = json.loads(said)
    assert [one["maxConcurrentTransforms"] for one in found["trials"]] == [1, 2]
    assert all(
        one["recordsPerSecond"] > 0 and one["records"] == 60 * one["jobs"]
        for one in found["trials"]
    )
    assert (tmp_path / "tune.svg").read_text().startswith("<svg")
    command = ["git", "apply", "--check", str(tmp_path / "tune.patch")]
    subprocess.run(command, cwd=REPOSITORY, check=True)
