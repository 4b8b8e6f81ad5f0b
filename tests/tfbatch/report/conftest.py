"""A browser where the machine has one, and a run's facts without a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tfbatch.report.facts import Facts, reasons
from tfbatch.report.tally import Tally
from tfbatch.report.timeline import Timeline
from tfbatch.terminal.browser import VARIABLE, Browser

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tfbatch.report.inputs import Input, Key
    from tfbatch.results.rows import Row

SUMMARY = {
    "inputs": 3,
    "outputs": 3,
    "exceptions": 0,
    "recordErrors": 0,
    "records": 3,
    "rounds": 1,
    "jobs": 1,
    "seconds": 12.5,
    "recordsPerSecond": 0.24,
    "instanceSeconds": 10.0,
    "usd": None,
    "usdPerThousand": None,
    "balanced": True,
    "withinLimit": True,
}


@pytest.fixture(scope="session")
def browser() -> Browser:
    found = Browser.find()
    if found is None:
        pytest.skip(f"no Chromium on this machine: install one, or name it in {VARIABLE}")
    return found


def facts(
    rows: Iterable[Row],
    *,
    exceptions: Iterable[Mapping[str, Any]] = (),
    inputs: Mapping[Key, Input] | None = None,
    timeline: Timeline | None = None,
    **summary: object,
) -> Facts:
    tally = Tally(size=50)
    for row in rows:
        tally.add(row)
    return Facts(
        folder="s3://outputs/a-run/",
        summary=SUMMARY | summary,
        tally=tally,
        timeline=timeline or Timeline(),
        reasons=reasons(exceptions),
        inputs=inputs or {},
        snapshot=None,
    )
