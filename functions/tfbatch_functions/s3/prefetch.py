"""Calls a function ahead of use: many small calls at a time, large ones one by one."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, TypeVar

from tfbatch_functions.s3.storage import THREADS

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

_MOST: Final = 2 * THREADS
_MOST_WEIGHT: Final = 256 * 1024 * 1024
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def in_order(
    call: Callable[[_Item], _Result],
    items: Iterable[_Item],
    *,
    weight: Callable[[_Item], int] = lambda _: 0,
    discard: Callable[[_Result], None] = lambda _: None,
) -> Generator[_Result]:
    """Yield the results of the calls, in the order of the items.

    Args:
        call: runs in a thread.
        items: read as needed.
        weight: bytes of an item. At most 256 MiB are in flight, or a single item.
        discard: gets results that are no longer needed.
    """
    rest = iter(items)
    running: deque[tuple[int, Future[_Result]]] = deque()
    following = next(rest, None)
    with ThreadPoolExecutor(THREADS) as threads:
        try:
            while running or following is not None:
                while following is not None and _fits(running, weight(following)):
                    running.append((weight(following), threads.submit(call, following)))
                    following = next(rest, None)
                yield running.popleft()[1].result()
        finally:
            left = [future for _, future in running if not future.cancel()]
            threads.shutdown()
            for future in left:
                if future.exception() is None:
                    discard(future.result())


def _fits(running: deque[tuple[int, Future[_Result]]], weight: int) -> bool:
    if not running:
        return True
    return len(running) < _MOST and sum(held for held, _ in running) + weight <= _MOST_WEIGHT
