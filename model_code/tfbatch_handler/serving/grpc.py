"""Calls TensorFlow Serving's gRPC predict, if only scores are needed.

Images are sent without base64, and a thousand scores are 4 KB instead of 15 KB of digits. If a call
fails, the caller asks again over REST, which gives the reason.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tfbatch_handler.serving import predict_messages
from tfbatch_handler.serving.http2 import Connection, NoMessage
from tfbatch_handler.serving.sockets import Lost, connect

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tfbatch_handler.record import Scores, Values
    from tfbatch_handler.serving.predict_messages import Spec
    from tfbatch_handler.serving.sockets import Buffer, Wait

_AWAY_SECONDS: Final = 30.0
"""Seconds for which a port that doesn't answer isn't tried again."""


class Unanswered(Exception):  # noqa: N818  the state
    """gRPC gave no answer: ask over REST."""


@dataclass(kw_only=True, slots=True)
class Channel:
    """One TensorFlow Serving's gRPC port and its idle connections."""

    host: str
    port: int
    idle: list[Connection] = field(default_factory=list)
    away_until: float = 0.0

    def scores(
        self,
        records: Sequence[Mapping[str, Values]],
        *,
        spec: Spec,
        output: str,
        wait: Wait,
    ) -> list[Scores]:
        """Predict records and return one float output of each.

        Raises:
            Unanswered: it was not asked, or answered with an error: ask over REST.
            Lost: it was asked, and there is no answer.
        """
        if time.monotonic() < self.away_until:
            raise Unanswered
        try:
            message = predict_messages.predict_request(records, spec=spec, output=output)
            reply = self._call(message, wait=wait)
            return predict_messages.scores(reply, output=output, count=len(records))
        except predict_messages.NotTensorsError as error:
            raise Unanswered from error

    def close(self) -> None:
        """Close the idle connections."""
        while self.idle:
            self.idle.pop().socket.close()

    def _call(self, message: Sequence[Buffer], *, wait: Wait) -> bytes:
        connection = self._open(wait)
        done = False
        try:
            reply = connection.call(predict_messages.METHOD, message, wait=wait)
            done = connection.usable
        except NoMessage as error:
            raise Unanswered from error
        except OSError as error:
            raise Lost(f"{self.host}:{self.port} did not answer: {error!r}") from error
        finally:
            if done:
                self.idle.append(connection)
            else:
                connection.socket.close()
        return reply

    def _open(self, wait: Wait) -> Connection:
        """An idle connection that the server hasn't closed, or a new one."""
        while self.idle:
            connection = self.idle.pop()
            if not connection.is_closed:
                return connection
            connection.socket.close()
        try:
            opened = connect(self.host, self.port, timeout=wait.seconds)
            try:
                return Connection(opened, authority=f"{self.host}:{self.port}")
            except OSError:
                opened.close()
                raise
        except OSError as error:
            self.away_until = time.monotonic() + _AWAY_SECONDS
            raise Unanswered from error
