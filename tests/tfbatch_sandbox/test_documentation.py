"""Every row of ``docs/sandbox.md`` names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_DOCUMENT = (_ROOT / "docs" / "sandbox.md").read_text()
_ROW = re.compile(r"^\| ([AB]\d+(?:\.\d+)?) \|(.*)\|$", re.MULTILINE)
_TEST = re.compile(r"`(test_\w+)`")
_SECTIONS_OF_B = {1: 5, 2: 5, 3: 10, 4: 8, 5: 14}


def _rows() -> dict[str, str]:
    return dict(_ROW.findall(_DOCUMENT))


def test_every_row_of_the_contract_is_there() -> None:
    a = [f"A{number}" for number in range(1, 54)]
    b = [f"B{part}.{row}" for part, rows in _SECTIONS_OF_B.items() for row in range(1, rows + 1)]
    assert list(_rows()) == a + b


def test_every_row_names_a_test_or_says_why_there_is_none() -> None:
    silent = [
        row
        for row, cells in _rows().items()
        if not _TEST.search(cells) and "**Not here**: " not in cells
    ]
    assert silent == []


def test_every_test_that_is_named_exists() -> None:
    sources = (_ROOT / "tests").rglob("test_*.py")
    there = {name for file in sources for name in re.findall(r"def (test_\w+)", file.read_text())}
    assert set(_TEST.findall(_DOCUMENT)) - there == set()
