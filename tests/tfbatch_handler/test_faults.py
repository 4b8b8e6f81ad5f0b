"""A record that fails, whatever it does to the server, costs one line; an outage costs nothing."""

from __future__ import annotations

import io
import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.tfbatch_handler.serving import Model, OldContext, StandIn, tensor
from tfbatch_handler.handler import Handler

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future
    from pathlib import Path

NUMBERS = {
    "inputs": {"x": tensor("FLOAT", -1, 1)},
    "outputs": {"y": tensor("FLOAT", -1, 1)},
    "method_name": "tensorflow/serving/predict",
}
COUNT, POISON = 100, 66
REFUSALS = (400, 501)
STATUSES = (404, 409, 412, 429, 499, 500, 503, 504)
OUTAGE_SECONDS = 1.2
OUTAGES = (*STATUSES, "closed", "silent")
LONG_OUTAGE_SECONDS = 60.0


def double(value: list[float]) -> list[float]:
    return [2 * number for number in value]


class Faulty(StandIn):
    """Fails for the poison, or for all while it is out, or crashes of the poison.

    A fault is an HTTP status, ``closed`` or ``silent``.
    """

    def __init__(self, fault: int | str, *, restart_seconds: float = 0.0) -> None:
        super().__init__(Model(NUMBERS, double, fault=self.answer))
        self.fault = fault
        self.has_poison = True
        self.out_until = 0.0
        self.restart_seconds = restart_seconds
        self.tries = 0
        self.ended = threading.Event()

    def answer(self, connection: socket.socket, body: Any) -> int | None:  # noqa: ANN401  JSON
        """A status, or ``None`` to serve the request, or 0 after the connection was closed."""
        poisoned = self.has_poison and [float(POISON)] in body.get("instances", ())
        is_out = time.monotonic() < self.out_until
        self.tries += poisoned and not is_out
        if not (is_out or poisoned):
            return None
        if isinstance(self.fault, int):
            return self.fault if body else None
        if self.fault == "silent":
            self.ended.wait(max(0.0, self.out_until - time.monotonic()) if is_out else None)
        elif poisoned and not is_out:
            self.out_until = time.monotonic() + self.restart_seconds
        connection.shutdown(socket.SHUT_RDWR)
        return 0


@pytest.fixture
def handler(tmp_path: Path) -> Iterator[Handler]:
    """A handler with short patience."""
    handler = Handler(code=tmp_path, environment={"TFBATCH_RECORD_SECONDS": "1"})
    yield handler
    handler.close()


def sent(handler: Handler, server: Faulty, numbers: range = range(COUNT)) -> list[Any]:
    context = OldContext(server.uri, "application/jsonlines", "application/jsonlines")
    body, _ = handler(io.BytesIO("\n".join(map(str, numbers)).encode()), context)
    return [json.loads(line) for line in body.split(b"\n")]


def good(numbers: range = range(COUNT)) -> list[Any]:
    return [{"predictions": [[2.0 * number]]} for number in numbers]


def errors(lines: list[Any]) -> dict[int, Any]:
    return {n: line["error"]["code"] for n, line in enumerate(lines) if "error" in line}


@pytest.fixture(scope="module", autouse=True)
def outages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[int | str, Future[Any]]]:
    """A long outage of each kind, beside this module's other tests: what a hundred records got."""
    code = tmp_path_factory.mktemp("code")
    with ThreadPoolExecutor(len(OUTAGES)) as threads:
        yield {fault: threads.submit(_outage, fault, code) for fault in OUTAGES}


def _outage(fault: int | str, code: Path) -> list[Any]:
    handler = Handler(code=code, environment={})
    with Faulty(fault) as server:
        server.has_poison = False
        server.out_until = end = time.monotonic() + LONG_OUTAGE_SECONDS
        lines = sent(handler, server)
    handler.close()
    assert time.monotonic() >= end
    return lines


@pytest.mark.parametrize("fault", [*REFUSALS, *STATUSES, "closed", "silent"])
def test_one_record_among_a_hundred_costs_one_line_whatever_its_fault(
    fault: int | str, handler: Handler
) -> None:
    with Faulty(fault) as server:
        lines = sent(handler, server)
        server.ended.set()
    assert errors(lines) == {POISON: "Refused" if fault in REFUSALS else "Failed"}
    assert lines[:POISON] + lines[POISON + 1 :] == good()[:POISON] + good()[POISON + 1 :]
    if isinstance(fault, str):
        assert server.tries == 2


@pytest.mark.parametrize("fault", [*REFUSALS, 500, "closed"])
def test_an_outage_after_records_passed_is_told_from_bad_records(
    fault: int | str, handler: Handler
) -> None:
    with Faulty(fault) as server:
        server.has_poison = False
        assert sent(handler, server) == good()
        server.out_until = time.monotonic() + OUTAGE_SECONDS
        assert sent(handler, server) == good()


def test_a_record_alone_that_fails_is_told_by_a_blank_one(handler: Handler) -> None:
    with Faulty(500) as server:
        (line,) = sent(handler, server, range(POISON, POISON + 1))
    assert line["error"]["code"] == "Failed"
    assert "failed 2 times while others passed: HTTP 500" in line["error"]["message"]


def test_a_record_that_crashes_the_server_costs_no_other_request_a_record(
    handler: Handler, tmp_path: Path
) -> None:
    with Faulty("closed", restart_seconds=0.5) as server, ThreadPoolExecutor(16) as threads:
        server.model.latency = 0.02
        other = Handler(code=tmp_path, environment={})  # as another worker's
        parts = [range(start, start + 4) for start in range(0, COUNT, 4)]
        workers = [handler, other] * len(parts)
        found = list(threads.map(lambda one, part: sent(one, server, part), workers, parts))
        other.close()
    lines = [line for part in found for line in part]
    assert errors(lines) == {POISON: "Failed"}
    assert server.tries == 2


def test_a_full_queue_is_no_fault_of_a_record(handler: Handler) -> None:
    with Faulty(503) as server:
        server.model.message = "The batch scheduling queue to which this task was submitted is full"
        threading.Timer(OUTAGE_SECONDS, lambda: setattr(server, "has_poison", False)).start()
        assert sent(handler, server) == good()


@pytest.mark.parametrize("fault", OUTAGES)
def test_an_outage_of_a_minute_is_waited_out_and_costs_nothing(
    fault: int | str, outages: dict[int | str, Future[Any]]
) -> None:
    assert outages[fault].result() == good()
