"""The page: what it tells, that it runs nothing of what it shows, and that its filters work."""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING

import pytest

from tests.tfbatch.report.conftest import facts
from tfbatch.report.inputs import Input
from tfbatch.report.page import page
from tfbatch.report.tally import Tally
from tfbatch.report.timeline import Timeline
from tfbatch.results.rows import Row

if TYPE_CHECKING:
    from pathlib import Path

    from tfbatch.terminal.browser import Browser

EVIL = "\"><img src=x onerror=\"document.title='run'\"><script>document.title='run'</script>'"


def photo(name: str, *guesses: tuple[str, float]) -> Row:
    top = [{"class": n, "label": label, "probability": p} for n, (label, p) in enumerate(guesses)]
    return Row(input=f"s3://b/{name}", record=0, prediction={"top_k": top})


CAT = photo("cat.jpg", ("tabby", 0.9), ("lynx", 0.1))
DOG = photo("dog.jpg", ("beagle", 0.4), ("lynx", 0.3))
KIT = photo("kit.jpg", ("tabby", 0.3), ("beagle", 0.2))


def visible(document: str) -> list[str]:
    """The captions of the figures that are not hidden, in their order."""
    figures = re.findall(
        r"<figure([^>]*)>.*?<figcaption[^>]*>(.*?)</figcaption>", document, re.DOTALL
    )
    return [name for attributes, name in figures if "hidden" not in attributes]


def test_names_labels_and_reasons_are_shown_and_never_run(browser: Browser, tmp_path: Path) -> None:
    evil = photo(EVIL, (EVIL, 0.5))
    table = Row(input="s3://b/t.csv", record=0, prediction={"predictions": [{EVIL: 0.5}]})
    exception = {"key": EVIL, "record": None, "reason": EVIL}
    inputs = {(evil.input, 0): Input(name=EVIL, text=EVIL)}
    text = page(facts([evil, table], exceptions=[exception], inputs=inputs, text=EVIL))
    path = tmp_path / "page.html"
    path.write_text(text)
    document = browser.document(path)
    assert "<title>a-run · tfbatch report</title>" in document
    assert html.escape("<img src=x onerror=", quote=False) in document
    assert "<img" not in document


def test_nothing_is_loaded_and_no_other_script_may_run() -> None:
    text = page(facts([CAT]))
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy
    assert policy[1].startswith("default-src 'none'; img-src data:;")
    assert not re.findall(r"""(?:src|href)\s*=\s*["']?(?!data:)[^"'>]""", text)
    assert not re.findall(r"url\(|@import|https?://", text)


@pytest.mark.parametrize(
    ("fragment", "names"),
    [
        ("", ["kit.jpg", "dog.jpg", "cat.jpg"]),
        ("order=best", ["cat.jpg", "dog.jpg", "kit.jpg"]),
        ("order=name", ["cat.jpg", "dog.jpg", "kit.jpg"]),
        ("class=tabby", ["kit.jpg", "cat.jpg"]),
        ("class=tabby&most=50", ["kit.jpg"]),
        ("class=nobody&order=nonsense&most=-7", []),
    ],
)
def test_the_gallery_is_filtered_by_class_and_confidence_worst_first(
    browser: Browser, tmp_path: Path, fragment: str, names: list[str]
) -> None:
    path = tmp_path / "page.html"
    path.write_text(page(facts([CAT, DOG, KIT])))
    assert visible(browser.document(path, fragment=fragment)) == names


def test_it_reads_without_a_script_the_least_confident_first() -> None:
    assert visible(page(facts([CAT, DOG, KIT]))) == ["kit.jpg", "dog.jpg", "cat.jpg"]


def test_a_table_shows_its_numbers_and_rows() -> None:
    rows = [
        Row(input="s3://b/t.csv", record=n, prediction={"predictions": [{"price": n * 1.5}]})
        for n in range(40)
    ]
    inputs = {("s3://b/t.csv", 3): Input(name="t.csv #3", text="1,2,<3>")}
    text = page(facts(rows, inputs=inputs))
    assert "Records by price" in text
    assert "<code>1,2,&lt;3&gt;</code>" in text
    assert "<figure" not in text


def test_exceptions_are_grouped_by_what_they_say() -> None:
    exceptions = [
        {"key": f"k{n}.jpg", "record": n, "reason": f"Refused: byte {n} is bad [[{{{{node x}}}}]]"}
        for n in range(60)
    ]
    text = page(facts([CAT], exceptions=exceptions, recordErrors=60))
    assert '<span class="badge">60</span>Refused: byte 0 is bad</summary>' in text
    assert "k7.jpg #7" in text
    assert "and 10 more, in exceptions.jsonl" in text


def test_a_run_without_a_prediction_or_a_log_still_makes_a_page() -> None:
    text = page(facts([], exceptions=[{"key": "a", "record": None, "reason": "the job failed"}]))
    assert "the job failed" in text
    assert "Throughput" not in text


def test_throughput_and_latency_are_those_of_the_logs() -> None:
    timeline = Timeline()
    for second, records in ((100, 4), (101, 8), (103, 2)):
        metrics = {"Records": records, "RecordErrors": 0, "Milliseconds": {"11": records}}
        about = {"CloudWatchMetrics": [], "Timestamp": second * 1000}
        timeline.add(json.dumps({"_aws": about} | metrics))
    timeline.add('{"_aws":{"CloudWatchMetrics":[]},"Records":"a model\'s own line"}')
    assert timeline.series(10) == (1.0, [4.0, 8.0, 0.0, 2.0])
    assert timeline.series(2) == (2.0, [6.0, 1.0])
    assert timeline.percentile(0.99) == 11
    assert "records per second over 0:04" in page(facts([CAT], timeline=timeline))


def test_what_is_shown_of_many_is_the_worst_and_every_class_always_the_same() -> None:
    def shown(order: int) -> list[str]:
        tally = Tally(size=30)
        rows = [photo(f"{n:04}.jpg", (f"class {n % 20}", (n % 997) / 997)) for n in range(3000)][
            ::order
        ]
        for row in rows:
            tally.add(row)
        found = tally.shown()
        assert {one.guesses[0].label for one in found} == {f"class {n}" for n in range(20)}
        return [one.row.input for one in found]

    assert shown(1) == shown(-1)
    assert len(shown(1)) == 30
    assert shown(1)[0] == "s3://b/0000.jpg"
