from __future__ import annotations

import pytest

from tests.tfbatch_functions.conftest import Context
from tfbatch_functions.runtime.deadline import RESERVE_SECONDS, has_time


@pytest.mark.parametrize(
    ("begun_with", "left", "goes_on"),
    [
        (900_000, 61_000, True),
        (900_000, 59_000, False),
        (20_000, 6_000, True),
        (20_000, 4_000, False),
        (0, 0, False),
    ],
)
def test_a_quarter_of_the_time_is_kept_and_never_more_than_a_minute(
    begun_with: int,
    left: int,
    goes_on: bool,  # noqa: FBT001
) -> None:
    assert has_time(Context(begun_with, left))() is goes_on


def test_a_deployment_may_say_how_much_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(RESERVE_SECONDS, "100")
    assert not has_time(Context(900_000, 99_000))()
    assert has_time(Context(900_000, 101_000))()
