"""``docs/public-reports.md`` names a test for every report, and each exists."""

from __future__ import annotations

import re

from tests.paths import REPOSITORY

PAGE = (REPOSITORY / "docs" / "public-reports.md").read_text("utf-8")
REPORTS = (
    *("aws-cdk#26012", "aws-cdk#12810", "amazon-sagemaker-examples#1903", "podwhisperer#10"),
    *("amazon-sagemaker-examples#667", "amazon-sagemaker-examples#2793", "dynabench#482"),
    *("sagemaker-python-sdk#672", "sagemaker-python-sdk#703", "sagemaker-python-sdk#970"),
    *("sagemaker-python-sdk#1096", "#1882", "sagemaker-python-sdk#635"),
)


def test_every_report_is_there() -> None:
    assert [report for report in REPORTS if f"[{report}]" not in PAGE] == []


def test_every_test_that_is_named_exists() -> None:
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", PAGE)
    assert len(named) > 10
    for file, test in named:
        text = (REPOSITORY / "tests" / file).read_text("utf-8")
        assert f"\ndef {test}(" in text, f"{file}::{test}"
