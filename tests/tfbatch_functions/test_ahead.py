from __future__ import annotations

import threading
import time

import pytest

from tfbatch_functions.s3.prefetch import in_order

MEBIBYTE = 1024 * 1024


def test_results_come_in_the_order_of_the_items_whichever_is_done_first() -> None:
    def call(number: int) -> int:
        time.sleep(0.02 if number % 2 else 0)
        return number

    assert list(in_order(call, range(100))) == list(range(100))


def test_large_items_are_not_in_memory_together() -> None:
    running, most, lock = [0], [0], threading.Lock()

    def call(_: int) -> None:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        time.sleep(0.005)
        with lock:
            running[0] -= 1

    list(in_order(call, range(30), weight=lambda _: 100 * MEBIBYTE))
    assert most[0] <= 2
    list(in_order(call, range(3), weight=lambda _: 1000 * MEBIBYTE))


def test_what_nobody_waits_for_is_not_begun_or_discarded() -> None:
    begun: list[int] = []
    discarded: list[int] = []

    def call(number: int) -> int:
        begun.append(number)
        return number

    results = in_order(call, range(10_000), discard=discarded.append)
    assert next(results) == 0
    results.close()
    assert len(begun) < 100
    assert sorted([0, *discarded]) == sorted(begun)


def test_an_error_comes_in_its_turn() -> None:
    def call(number: int) -> int:
        return 1 // (3 - number)

    results = in_order(call, range(10))
    assert [next(results) for _ in range(3)] == [0, 0, 1]
    with pytest.raises(ZeroDivisionError):
        next(results)
