"""Predicts the records of a payload in batches, and isolates records that fail.

A refused batch is halved until the bad records are alone. So is one that fails while the server
serves other records; if it doesn't serve others, that is an outage, which is waited out. A record
whose requests get no answer is sent twice at most: it may crash the server.
"""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tfbatch_handler.record import BadRecord
from tfbatch_handler.serving.health import pause
from tfbatch_handler.serving.message import for_people
from tfbatch_handler.serving.trouble import Refusal, Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tfbatch_handler.record import Decoded, Instance, Prediction, Row
    from tfbatch_handler.serving.health import Health
    from tfbatch_handler.serving.sockets import Wait

    Send = Callable[[Sequence[Instance], Wait], Sequence[Prediction]]
    """Predicts instances in one attempt."""

_FAILURES: Final = {"load": 5, "status": 2}
"""A record is bad if it failed so often alone, and the server served others after each time."""


@dataclass(kw_only=True, slots=True)
class Predictor:
    """Predicts the records of one payload."""

    send: Send
    health: Health
    size: int
    """Maximum instances in a request."""
    merged: int
    """Instances that the server merges from several requests; 0 without batching."""
    deadline: float
    """Of the payload, by the monotonic clock."""
    is_trusted: bool = False
    """Whether the server was seen to serve others since the first refusal."""

    def predict(self, records: Sequence[Decoded]) -> list[Row]:
        """Predict the good records, those of one shape together. Bad ones keep their place.

        Returns:
            A row for each record, in order.

        Raises:
            Outage: the server didn't answer in time.
        """
        groups = _alike(records)
        if len(groups) == 1 and len(groups[0]) == len(records) <= self.size:
            return list(self._batch(records))  # type: ignore[arg-type]
        rows: list[Row | None] = [
            record if isinstance(record, BadRecord) else None for record in records
        ]
        for numbers in groups:
            for start in range(0, len(numbers), self.size):
                chosen = numbers[start : start + self.size]
                found = self._batch([records[number] for number in chosen])  # type: ignore[misc]
                for number, row in zip(chosen, found, strict=True):
                    rows[number] = row
        return rows  # type: ignore[return-value]

    def _batch(self, instances: Sequence[Instance]) -> Sequence[Row]:
        while True:
            try:
                return self._send(instances)
            except Refusal as error:
                if len(instances) == 1:
                    return [self._refused(instances[0], error)]
                break
            except Trouble as trouble:
                if trouble.kind in {"away", "busy"}:
                    pause(1, trouble, self.deadline)
                    continue
                waited = self.health.wait(trouble, self.deadline)
                if trouble.kind == "lost":
                    return [self._again(one, trouble) for one in instances]
                if waited:
                    continue
                if len(instances) == 1:
                    return [self._persist(instances[0], trouble)]
                break
        half = len(instances) // 2
        return [*self._batch(instances[:half]), *self._batch(instances[half:])]

    def _send(self, instances: Sequence[Instance]) -> Sequence[Row]:
        started = time.monotonic()
        rows = self.send(instances, self.health.patience(self.deadline))
        self.health.note(instances, time.monotonic() - started)
        return rows

    def _refused(self, instance: Instance, error: Refusal) -> Row:
        """A refused record. If one that passed before is refused too, the server is in trouble.

        A server that merges requests refuses the whole batch for one record. Repeated as often as
        fills a batch, the record has a batch to itself.
        """
        if self.merged > 1:
            try:
                return self._send([instance] * self.merged)[0]
            except Refusal as alone:
                error = alone
            except Trouble as trouble:
                return self._persist(instance, trouble)
        if not self.is_trusted and self.health.passed is not None:
            if self.health.serves(self.deadline) is False:
                return self._persist(instance, Trouble(str(error), kind="status"))
            self.is_trusted = True
        return BadRecord(code="Refused", message=for_people(str(error)))

    def _persist(self, instance: Instance, trouble: Trouble) -> Row:
        """Ask again until it passes, or failed often enough while others passed."""
        failures = attempt = 0
        while True:
            served = self.health.serves(self.deadline)
            failures = failures + 1 if served else 0 if served is False else failures
            if failures >= _FAILURES.get(trouble.kind, 1 << 30):
                return _failed(trouble, f"failed {failures} times")
            is_load = trouble.kind == "load"
            pause(0 if served and not is_load else attempt + 1, trouble, self.deadline)
            attempt += 1
            try:  # the load of copies may be what the server can't bear
                return self._send([instance] * (1 if is_load else max(1, self.merged)))[0]
            except Refusal as error:
                if served is not False:
                    return BadRecord(code="Refused", message=for_people(str(error)))
            except Trouble as again:
                trouble = again
                if trouble.kind == "lost":
                    self.health.wait(trouble, self.deadline)
                    return self._again(instance, trouble)

    def _again(self, instance: Instance, trouble: Trouble) -> Row:
        """Send a record that may have crashed the server once more, alone in it."""
        attempt = 0
        while True:
            with self.health.quarantine(trouble, self.deadline):
                self.health.wait(trouble, self.deadline)
                try:
                    return self._send([instance])[0]
                except Refusal as error:
                    return self._refused(instance, error)
                except Trouble as again:
                    trouble = again
                    if trouble.kind == "lost":
                        self.health.wait(trouble, self.deadline)
                        return _failed(trouble, "got no answer twice")
            if trouble.kind not in {"away", "busy"}:
                return self._persist(instance, trouble)
            pause(attempt, trouble, self.deadline)
            attempt += 1


def _failed(trouble: Trouble, how: str) -> BadRecord:
    message = f"the record {how} while others passed: {for_people(str(trouble))}"
    return BadRecord(code="Failed", message=message)


def _alike(records: Sequence[Decoded]) -> Sequence[Sequence[int]]:
    """The numbers of the good records, by the shapes of their values, which a batch shares."""
    shapes: defaultdict[object, list[int]] = defaultdict(list)
    for number, record in enumerate(records):
        if type(record) is dict:
            shapes[tuple([values.shape for values in record.values()])].append(number)
        elif isinstance(record, bytes):
            shapes[None].append(number)
    return list(shapes.values())
