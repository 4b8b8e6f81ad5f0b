"""The comment: within GitHub's limit, and nothing in it that a branch could smuggle in."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pytest

from tfbatch.review.finding import Finding, Section, Severity
from tfbatch.review.render.markdown import LIMIT, bitbucket, markdown
from tfbatch.review.render.page import page
from tfbatch.review.review import Review


def review(*findings: Finding) -> Review:
    return Review(base="a", head="b", stages=("dev",), findings=findings, cost={})


def finding(number: int = 0, *, lines: int = 5, rows: int = 3, hurts: bool = False) -> Finding:
    return Finding(
        section=Section.HURT if hurts else Section.RESOURCES,
        rule="resource-changed",
        severity=Severity.ATTENTION if hurts else Severity.FINE,
        title=f"Resource {number} is changed",
        rows=tuple((f"Property{row}", "old " * 9, "new " * 9) for row in range(rows)),
        diff=tuple(f"+line {line} of {number}" for line in range(lines)),
        stages=("dev",),
    )


@pytest.mark.parametrize("count", [1, 40, 150, 400, 4000])
def test_it_fits_whatever_there_is_to_say(count: int) -> None:
    text = markdown(review(*(finding(number, hurts=number % 9 == 0) for number in range(count))))
    assert len(text.encode()) <= LIMIT
    assert text.count("```") % 2 == 0
    assert text.count("<details>") == text.count("</details>")
    for block in text.split("| | before | after |")[1:]:
        table = block.split("\n\n")[0].strip().splitlines()
        assert len(table) == 1 + 3  # the ruler and every row: no table is cut


def test_rows_that_have_nothing_to_compare_are_a_list() -> None:
    def rows(*found: tuple[str, str, str]) -> Review:
        return review(replace(finding(lines=0), rows=found))

    names = rows(("Storage/Output", "", ""), ("Storage/Work", "", ""))
    assert "- Storage/Output\n- Storage/Work\n" in markdown(names)
    assert "<li>Storage/Work</li>" in page(names)
    assert "- Summarize: It counts." in markdown(rows(("Summarize", "", "It counts.")))
    assert "- Storage `{Ref}`" in markdown(rows(("Storage", "", "{Ref}")))
    absent = rows(("BucketName", "—", "new"))
    assert "| BucketName | — | `new` |" in markdown(absent)
    assert "<td>BucketName</td>" in page(absent)


def test_details_fold_first_then_move_to_the_page() -> None:
    short, long, longest = (
        markdown(review(*(finding(number, lines=20) for number in range(count))))
        for count in (5, 80, 300)
    )
    assert "<details>" not in short
    assert "review.html" not in short
    assert "<details>" in long
    assert "review.html" not in long
    assert "review.html" in longest
    assert "Resource 4 is changed" in longest


@pytest.mark.parametrize(
    "text",
    [
        "@everyone look",
        "fixes #1, org/repo#2 and GH-3",
        "https://example.com",
        "<img src=x>",
        "[click](http://x)",
        "**bold**",
        "a | b",
        "```",
        "# h",
    ],
)
def test_a_name_is_shown_as_it_is_written(text: str) -> None:
    shown = Finding(
        section=Section.HURT,
        rule="r",
        title=text,
        why=text,
        rows=((text, text, text),),
        diff=(f"+{text}",),
    )
    made = markdown(review(shown))
    outside = made.split("```diff")[0].split("````diff")[0]
    for line in outside.splitlines():
        bare = line.split("`")[0::2]
        written = html.unescape("".join(bare))
        assert not any(one in "".join(bare) for one in ("<img", "](http", "**bold**"))
        assert not re.search(r"@\w|#\d|GH-\d|://\w", written)


@pytest.mark.parametrize("count", [1, 40, 400, 4000])
def test_on_bitbucket_there_are_no_tags_and_less_room(count: int) -> None:
    found = [finding(number, hurts=number % 9 == 0, lines=40) for number in range(count)]
    text = bitbucket(review(*found))
    assert len(text) <= 32_768
    assert not re.search(r"^<|</?(sub|details|summary)>|mermaid", text, re.MULTILINE)
    assert "40 lines: see review.html." in text or "in review.html" in text


def test_nothing_to_say_is_one_line() -> None:
    text = markdown(review())
    assert "dev: nothing that is deployed changes." in text
    assert "###" not in text
