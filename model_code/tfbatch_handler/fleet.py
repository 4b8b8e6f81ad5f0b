"""The TensorFlow Servings beside us: which one is asked next, and how long outages are sat out."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from tfbatch_handler.http import Server
from tfbatch_handler.sockets import Unreachable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tfbatch_handler.http import Reply
    from tfbatch_handler.text import Piece

REST_PORTS: Final = "TFS_REST_PORTS"
"""Set by the container: the port of every TensorFlow Serving, one per GPU say."""

_OK, _BAD_REQUEST = 200, 400
_PAUSES: Final = (0.1, 0.2, 0.5, 1.0)
"""Seconds between attempts while TensorFlow Serving is not there; the last one repeats."""


class Outage(RuntimeError):  # noqa: N818  the state
    """TensorFlow Serving did not answer in time: no record's fault, and worth another try."""


class Refusal(ValueError):  # noqa: N818  what it is called on the line of the record
    """TensorFlow Serving answered that the request itself is at fault (HTTP 400)."""


@dataclass(kw_only=True, slots=True)
class Instance:
    """One TensorFlow Serving and the requests it has from this worker just now."""

    server: Server
    busy: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Fleet:
    """Every TensorFlow Serving that has the model, and the model's path on each of them."""

    instances: Sequence[Instance]
    path: str
    """``/v1/models/<name>``, with the version if one is asked for."""
    turn: list[int] = field(default_factory=lambda: [0])

    @classmethod
    def at(cls, rest_uri: str, environment: Mapping[str, str]) -> Fleet:
        """The fleet of a Context's ``rest_uri``, ``http://localhost:8501/v1/models/m:predict``.

        The container picks one port at random for each request; all of them serve the same models.
        """
        parts = urlsplit(rest_uri)
        host, port = parts.hostname or "localhost", parts.port or 80
        ports = [int(text) for text in environment.get(REST_PORTS, "").split(",") if text.strip()]
        return cls(
            instances=[
                Instance(server=Server(host=host, port=one))
                for one in (ports if port in ports else [port])
            ],
            path=parts.path.rpartition(":")[0] or parts.path,
        )

    @property
    def key(self) -> tuple[object, ...]:
        """What tells this fleet from others: whichever of its ports was asked, it is the same."""
        return self.path, *(instance.server.port for instance in self.instances)

    @property
    def model(self) -> str:
        """The model's name."""
        return self.path.removeprefix("/v1/models/").partition("/")[0]

    def ask(
        self, method: str, action: str, body: Sequence[Piece] = (), *, deadline: float
    ) -> bytes:
        """Ask until there is an answer about the request itself.

        Args:
            method: ``GET`` or ``POST``.
            action: after the model's path: ``:predict`` or ``/metadata``.
            body: JSON, in pieces.
            deadline: on the monotonic clock, in seconds.

        Raises:
            Refusal: HTTP 400; the same request would always be refused.
            Outage: anything else, until ``deadline``: refused connections, time-outs, 404 while a
                model loads, 429 of RESOURCE_EXHAUSTED, 5xx.
        """
        attempt = 0
        while True:
            try:
                answer = self._try(method, self.path + action, body, deadline=deadline)
                if answer.status == _OK:
                    return answer.body
                reason = f"HTTP {answer.status}: {_message(answer)}"
                if answer.status == _BAD_REQUEST:
                    raise Refusal(_message(answer))
            except Unreachable as error:
                reason = str(error)
            pause = _PAUSES[min(attempt, len(_PAUSES) - 1)]
            attempt += 1
            if time.monotonic() + pause > deadline:
                raise Outage(f"TensorFlow Serving failed {attempt} times, at last: {reason}")
            time.sleep(pause)

    def close(self) -> None:
        """Close the idle connections."""
        for instance in self.instances:
            instance.server.close()

    def _try(self, method: str, path: str, body: Sequence[Piece], *, deadline: float) -> Reply:
        chosen = self._least_busy()
        chosen.busy += 1
        try:
            timeout = max(0.01, deadline - time.monotonic())
            return chosen.server.request(method, path, body, timeout=timeout)
        finally:
            chosen.busy -= 1

    def _least_busy(self) -> Instance:
        """The one with the fewest requests from here; equals take turns."""
        self.turn[0] += 1
        start = self.turn[0] % len(self.instances)
        return min((*self.instances[start:], *self.instances[:start]), key=lambda one: one.busy)


def _message(answer: Reply) -> str:
    text = answer.body.decode("utf-8", "replace")
    try:
        return str(json.loads(text)["error"])
    except (ValueError, KeyError, TypeError):
        return text[:500]
