"""Calls TensorFlow Serving's gRPC predict, if only scores are needed.

Images go as they are instead of in base64, and a thousand scores come as 4 KB instead of 15 KB of
digits. Whatever it does not answer is asked again over REST, which says why.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tfbatch_handler.serving import predict_messages
from tfbatch_handler.serving.http2 import Connection
from tfbatch_handler.serving.sockets import connect

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tfbatch_handler.record import Scores, Values
    from tfbatch_handler.serving.sockets import Buffer

_AWAY_SECONDS: Final = 30.0
"""A port that does not answer is left alone for so long."""


class Unanswered(Exception):  # noqa: N818  the state
    """There is no answer this way: ask over REST."""


@dataclass(kw_only=True, slots=True)
class Channel:
    """One TensorFlow Serving's gRPC port and the idle connections to it."""

    host: str
    port: int
    idle: list[Connection] = field(default_factory=list)
    away_until: float = 0.0

    def scores(
        self,
        records: Sequence[Mapping[str, Values]],
        *,
        model: str,
        version: int | None,
        output: str,
        timeout: float,
    ) -> list[Scores]:
        """Predict records and give one float output of each.

        Raises:
            Unanswered: for whatever reason.
        """
        if time.monotonic() < self.away_until:
            raise Unanswered
        try:
            message = predict_messages.predict_request(
                records, model=model, version=version, output=output
            )
            reply = self._call(message, timeout=timeout)
            return predict_messages.scores(reply, output=output, count=len(records))
        except predict_messages.NotTensorsError as error:
            raise Unanswered from error

    def close(self) -> None:
        """Close the idle connections."""
        while self.idle:
            self.idle.pop().socket.close()

    def _call(self, message: Sequence[Buffer], *, timeout: float) -> bytes:
        connection = self.idle.pop() if self.idle else self._connect(timeout)
        done = False
        try:
            connection.socket.settimeout(timeout)
            reply = connection.call(predict_messages.METHOD, message)
            done = connection.usable
        except OSError as error:
            raise Unanswered from error
        finally:
            if done:
                self.idle.append(connection)
            else:
                connection.socket.close()
        return reply

    def _connect(self, timeout: float) -> Connection:
        try:
            opened = connect(self.host, self.port, timeout=timeout)
            return Connection(opened, authority=f"{self.host}:{self.port}")
        except OSError as error:
            self.away_until = time.monotonic() + _AWAY_SECONDS
            raise Unanswered from error
