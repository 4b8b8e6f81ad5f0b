"""What the demo shows where there is no terminal, and what its lines say."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from tfbatch.demo.display import Display
from tfbatch.demo.job_lines import PlainLines, words
from tfbatch.demo.predictions import Prediction
from tfbatch.watch.snapshot import Job, Shard


def display() -> tuple[Display, io.StringIO]:
    """Return a display that writes to a file, and the file."""
    file = io.StringIO()
    return Display(console=Console(file=file, width=80)), file


def at(records: int, status: str = "InProgress", *, done: bool = False) -> Shard:
    """Return a shard of 12 records whose job has answered for two seconds."""
    job = Job(
        name="job",
        shard="00000",
        attempt=1,
        status=status,
        instance_type="ml.g5.xlarge",
        instances=1,
        seconds=9.0,
        records=records,
        errors=0,
        record_seconds=2.0,
        usd=0.1,
    )
    return Shard(name="00000", total=12, records=records, exceptions=0, is_done=done, job=job)


@pytest.mark.parametrize(
    ("shard", "said"),
    [
        (None, "checking the request"),
        (at(0, "Starting"), "starting the container"),
        (at(0), "loading the model"),
        (at(4), "4 of 12 records · 2.0 records/s · 4 s left"),
        (at(12), "12 of 12 records · 6.0 records/s"),
        (at(0, "Completed"), "completed"),
        (at(0, "Completed", done=True), "no record"),
    ],
)
def test_a_jobs_line_says_how_far_it_is(shard: Shard | None, said: str) -> None:
    assert words(shard) == said


def test_without_a_terminal_a_line_is_printed_only_for_news() -> None:
    file = io.StringIO()
    lines = PlainLines(console=Console(file=file, width=80))
    with lines:
        for shard in (None, None, at(1), at(2), at(12), at(12, "Completed")):
            lines.show("JPEG", shard)
    assert file.getvalue().splitlines() == [
        "  JPEG: checking the request",
        "  JPEG: 12 of 12 records · 6.0 records/s",
    ]


def test_a_step_is_followed_by_the_time_it_took() -> None:
    screen, file = display()
    with screen.step("Deploying") as step:
        step.title, step.detail = "Deployed", "2 stacks"
    assert file.getvalue().rstrip("\n").startswith("✓ Deployed  2 stacks ")
    assert re.search(r" \d+\.\d s\n*$", file.getvalue())


def test_a_step_that_fails_is_marked_and_its_error_goes_on() -> None:
    screen, file = display()
    with pytest.raises(ValueError, match="no"), screen.step("Deploying"):
        raise ValueError("no")
    assert file.getvalue() == "✗ Deploying\n"


def test_the_table_shows_where_the_runs_differ() -> None:
    screen, file = display()
    cat = Prediction(number=281, label="tabby", probability=0.5)
    dog = Prediction(number=207, label="golden retriever", probability=0.25)
    screen.table({"a.jpg": cat, "b.jpg": cat}, {"a.jpg": cat, "b.jpg": dog})
    rows = [line.split() for line in file.getvalue().splitlines() if ".jpg" in line]
    assert rows == [
        ["a.jpg", "tabby", "50.0%", "same"],
        ["b.jpg", "tabby", "50.0%", "golden", "retriever", "25.0%"],
    ]


def test_a_failure_is_shown_with_its_notes() -> None:
    screen, file = display()
    error = ValueError("the cat came out as lynx")
    error.add_note("All logs are in /somewhere")
    screen.failure(error)
    assert file.getvalue() == "\nthe cat came out as lynx\nAll logs are in /somewhere\n"
