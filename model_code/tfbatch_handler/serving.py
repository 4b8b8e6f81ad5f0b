"""Predictions from the TensorFlow Serving beside us, over its REST API."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from tfbatch_handler import reply
from tfbatch_handler.http import Reply, Server, Unreachable
from tfbatch_handler.record import BadRecord
from tfbatch_handler.signature import Signature, parse_metadata, servable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tfbatch_handler.record import Row

_OK, _BAD_REQUEST = 200, 400
_PAUSES: Final = (0.1, 0.2, 0.5, 1.0)
"""Seconds between attempts while TensorFlow Serving is not there; the last one repeats."""


class Outage(RuntimeError):  # noqa: N818  the state
    """TensorFlow Serving did not answer in time: no record's fault, and worth another try."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Servable:
    """One model on one TensorFlow Serving."""

    server: Server
    path: str
    """``/v1/models/<name>`` with the version, if one is asked for."""

    @classmethod
    def at(cls, rest_uri: str) -> Servable:
        """The servable of a Context's ``rest_uri``, ``http://localhost:8501/v1/models/m:predict``."""
        parts = urlsplit(rest_uri)
        server = Server(host=parts.hostname or "localhost", port=parts.port or 80)
        return cls(server=server, path=parts.path.rpartition(":")[0] or parts.path)

    @property
    def name(self) -> str:
        """The model's."""
        return self.path.removeprefix("/v1/models/").partition("/")[0]

    def signature(self, *, deadline: float) -> Signature:
        """Ask TensorFlow Serving what the servable takes and gives.

        Raises:
            Outage: no answer by ``deadline``.
            SignatureError: the handler can't serve it.
        """
        answer = self._ask("GET", "/metadata", deadline=deadline)
        return servable(parse_metadata(json.loads(answer.body)))

    def predict(self, rows: Sequence[bytes], *, outputs: Signature, deadline: float) -> list[Row]:
        """Predict a batch; a batch that is refused is halved until the culprits are alone.

        Args:
            rows: instances, as JSON.
            outputs: the signature, whose outputs the reply holds.
            deadline: on the monotonic clock, in seconds.

        Returns:
            As many rows as given, in their order.

        Raises:
            Outage: no answer by ``deadline``.
        """
        body = b'{"instances":[%b]}' % b",".join(rows)
        answer = self._ask("POST", ":predict", body, deadline=deadline)
        if answer.status == _OK:
            return list(reply.rows(answer.body, count=len(rows), signature=outputs))
        if len(rows) == 1:
            return [BadRecord(code="Refused", message=_message(answer))]
        half = len(rows) // 2
        return [
            *self.predict(rows[:half], outputs=outputs, deadline=deadline),
            *self.predict(rows[half:], outputs=outputs, deadline=deadline),
        ]

    def _ask(self, method: str, action: str, body: bytes = b"", *, deadline: float) -> Reply:
        """Send until there is an answer about the records: 200, or 400 for "your fault"."""
        attempt = 0
        while True:
            try:
                answer = self.server.request(
                    method, self.path + action, body, timeout=max(0.01, deadline - time.monotonic())
                )
                if answer.status in {_OK, _BAD_REQUEST}:
                    return answer
                reason = f"HTTP {answer.status}: {_message(answer)}"
            except Unreachable as error:
                reason = str(error)
            pause = _PAUSES[min(attempt, len(_PAUSES) - 1)]
            if time.monotonic() + pause > deadline:
                raise Outage(f"TensorFlow Serving failed {attempt + 1} times, last: {reason}")
            time.sleep(pause)
            attempt += 1


def _message(answer: Reply) -> str:
    text = answer.body.decode("utf-8", "replace")
    try:
        return str(json.loads(text)["error"])
    except (ValueError, KeyError, TypeError):
        return text[:500]
