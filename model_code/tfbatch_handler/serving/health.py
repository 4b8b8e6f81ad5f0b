"""Tells a server that is down from a record that fails: do other records pass?

A record that passed before is sent again; until one has, a blank record. The model's status alone
proves nothing: it stays AVAILABLE when a GPU fails.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tfbatch_handler.serving.blank import blanks
from tfbatch_handler.serving.sockets import Wait
from tfbatch_handler.serving.trouble import Outage, Refusal, Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tfbatch_handler.record import Instance, Prediction
    from tfbatch_handler.signature import Signature

_PAUSES: Final = (0.1, 0.2, 0.5, 1.0)
"""Seconds between attempts during an outage. The last one repeats."""
_LARGEST_KEPT: Final = 1 << 22
"""Bytes of the record that is kept for probing."""
_SLOWER: Final = 20
"""A request is silent when it takes this many times as long as the slowest before it."""
_STATUS_SECONDS: Final = 5.0


@dataclass(kw_only=True, slots=True)
class Health:
    """What this worker knows about a server."""

    send: Callable[[Sequence[Instance], Wait], Sequence[Prediction]]
    """Predict instances in one attempt."""
    is_available: Callable[[float], bool]
    """Whether the model's status is AVAILABLE, in at most so many seconds."""
    signature: Signature
    record_seconds: float
    """A record that takes longer alone, while others pass, is given up."""
    merged: int
    """As many copies of a record fill a batch of the server's."""
    name: str
    """Of the server, for a lock that its workers share."""
    passed: Instance | None = None
    """A record that was predicted."""
    slowest: float = 0.0
    """Seconds of the slowest of the last hundred or so requests."""

    def note(self, instances: Sequence[Instance], seconds: float) -> None:
        """Remember that these passed."""
        self.slowest = max(seconds, self.slowest * 0.98)
        if self.passed is None:
            self.passed = _kept(instances[0])

    def patience(self, deadline: float) -> Wait:
        """How long to wait for a reply: while the server serves no others, until ``deadline``."""
        patience = max(self.record_seconds, self.slowest * _SLOWER)
        return Wait(deadline, patience, lambda: self.serves(deadline) is True)

    def serves(self, deadline: float) -> bool | None:
        """Whether the server predicts other records; ``None`` if it is up and can't be asked."""
        try:
            if not self.is_available(min(_STATUS_SECONDS, _left(deadline))):
                return False
            longest = time.monotonic() + max(self.record_seconds, self.slowest * _SLOWER)
            return self._probe(Wait(deadline=min(deadline, longest)))
        except Trouble:
            return False

    def _probe(self, wait: Wait) -> bool | None:
        if self.passed is not None:
            try:
                self.send([self.passed] * max(1, self.merged), wait)
            except Refusal:
                return False  # it passed before
            return True
        for blank in blanks(self.signature):
            with contextlib.suppress(Refusal):
                self.send([blank] * max(1, self.merged), wait)
                return True
        return None

    def wait(self, trouble: Exception, deadline: float) -> bool:
        """Wait until the server serves others, or can't be asked.

        Returns:
            Whether it didn't at first.

        Raises:
            Outage: it doesn't until ``deadline``.
        """
        attempt = 0
        if time.monotonic() >= deadline:
            raise Outage(f"TensorFlow Serving did not answer in time: {trouble}")
        while self.serves(deadline) is False:
            pause(attempt, trouble, deadline)
            attempt += 1
        return attempt > 0

    @contextlib.contextmanager
    def quarantine(self, trouble: Exception, deadline: float) -> Iterator[None]:
        """Hold the records that may have crashed the server apart: one at a time, of all workers.

        When a server crashes, every request in it fails. Sent again together, a crash would
        condemn all of them.

        Raises:
            Outage: others hold it until ``deadline``.
        """
        with _lock_file(self.name) as file:
            attempt = 0
            while not _locked(file):
                pause(min(attempt, 1), trouble, deadline)
                attempt += 1
            yield


def pause(attempt: int, trouble: Exception, deadline: float) -> None:
    """Wait before the next attempt.

    Raises:
        Outage: the next attempt would be after ``deadline``.
    """
    seconds = _PAUSES[min(attempt, len(_PAUSES) - 1)]
    if time.monotonic() + seconds > deadline:
        raise Outage(f"TensorFlow Serving did not answer in time; at last: {trouble}")
    time.sleep(seconds)


def _left(deadline: float) -> float:
    return max(0.01, deadline - time.monotonic())


def _kept(instance: Instance) -> Instance | None:
    """A copy of a record, without the payload that it views."""
    if isinstance(instance, bytes):
        return instance if len(instance) <= _LARGEST_KEPT else None
    if sum(values.size for values in instance.values()) > _LARGEST_KEPT:
        return None
    return {name: values.copied() for name, values in instance.items()}


@contextlib.contextmanager
def _lock_file(name: str) -> Iterator[int | None]:
    path = Path(tempfile.gettempdir()) / f"tfbatch-{os.getuid()}-{name}.lock"
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError:  # a full or read-only disk: better without
        yield None
        return
    try:
        yield file
    finally:
        os.close(file)  # which unlocks it


def _locked(file: int | None) -> bool:
    try:
        if file is not None:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
