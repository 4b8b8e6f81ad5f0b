"""Chooses among the TensorFlow Serving processes."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from tfbatch_handler.serving.grpc import Channel, Unanswered
from tfbatch_handler.serving.health import pause
from tfbatch_handler.serving.http import Server
from tfbatch_handler.serving.predict_messages import Spec
from tfbatch_handler.serving.sockets import Lost, Unreachable, Wait
from tfbatch_handler.serving.trouble import Refusal, Trouble, of_status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tfbatch_handler.record import Scores, Values
    from tfbatch_handler.serving.http import Reply
    from tfbatch_handler.serving.json_text import Piece

REST_PORTS: Final = "TFS_REST_PORTS"
GRPC_PORTS: Final = "TFS_GRPC_PORTS"
"""Set by the container: the ports of all TensorFlow Serving processes, for example one for each
GPU."""

_OK: Final = 200


@dataclass(kw_only=True, slots=True)
class Instance:
    """One TensorFlow Serving process and its pending requests from this worker."""

    server: Server
    channel: Channel | None = None
    """Its gRPC port, if known."""
    busy: int = 0

    def close(self) -> None:
        """Close the idle connections."""
        self.server.close()
        if self.channel is not None:
            self.channel.close()


@dataclass(frozen=True, kw_only=True, slots=True)
class Fleet:
    """All TensorFlow Serving processes that serve a model."""

    instances: Sequence[Instance]
    path: str
    """``/v1/models/<name>``, with the version if one is requested."""
    turn: list[int] = field(default_factory=lambda: [0])

    @classmethod
    def at(cls, rest_uri: str, environment: Mapping[str, str]) -> Fleet:
        """The fleet of a Context's ``rest_uri``, ``http://localhost:8501/v1/models/m:predict``.

        The container picks one port at random for each request; all of them serve the same models.
        """
        parts = urlsplit(rest_uri)
        host, port = parts.hostname or "localhost", parts.port or 80
        rest, grpc = _ports(environment, REST_PORTS), _ports(environment, GRPC_PORTS)
        if port not in rest:
            rest, grpc = [port], []
        instances = [Instance(server=Server(host=host, port=one)) for one in rest]
        for instance, one in zip(instances, grpc, strict=False):
            instance.channel = Channel(host=host, port=one)
        return cls(instances=instances, path=parts.path.rpartition(":")[0] or parts.path)

    @property
    def key(self) -> tuple[object, ...]:
        """Identifies the servers and the model, for any of their ports."""
        return self.path, *(instance.server.port for instance in self.instances)

    @property
    def model(self) -> str:
        """The model's name."""
        return self.path.removeprefix("/v1/models/").partition("/")[0]

    @property
    def version(self) -> int | None:
        """The model's version, if one is requested."""
        version = self.path.partition("/versions/")[2]
        return int(version) if version.isdigit() else None

    def scores(
        self,
        records: Sequence[Mapping[str, Values]],
        *,
        output: str,
        signature: str,
        wait: Wait,
    ) -> list[Scores]:
        """The scores of one output for each record, over gRPC.

        Raises:
            Unanswered: ask over REST.
            Trouble: the request got no answer.
        """
        chosen = self._least_busy()
        if chosen.channel is None:
            raise Unanswered
        chosen.busy += 1
        try:
            return chosen.channel.scores(
                records,
                spec=Spec(model=self.model, version=self.version, signature=signature),
                output=output,
                wait=wait,
            )
        except Lost as error:
            raise Trouble(str(error), kind="lost") from None
        finally:
            chosen.busy -= 1

    def ask(self, method: str, action: str, body: Sequence[Piece] = (), *, wait: Wait) -> bytes:
        """Ask once.

        Args:
            method: ``GET`` or ``POST``.
            action: what follows the model's path: ``:predict`` or ``/metadata``.
            body: JSON, in pieces.
            wait: how long to wait for the reply.

        Raises:
            Refusal: the same request would always be refused.
            Trouble: there is no answer about the request itself.
        """
        try:
            answer = self._try(method, self.path + action, body, wait=wait)
        except Unreachable as error:
            raise Trouble(str(error), kind="away") from None
        except Lost as error:
            raise Trouble(str(error), kind="lost") from None
        if answer.status == _OK:
            return answer.body
        raise of_status(answer.status, _message(answer))

    def metadata(self, *, deadline: float) -> bytes:
        """The model's metadata, when it is loaded.

        Raises:
            Refusal: the server has none.
            Outage: it isn't loaded until ``deadline``.
        """
        attempt = 0
        while True:
            try:
                return self.ask("GET", "/metadata", wait=Wait(deadline=deadline))
            except Trouble as trouble:
                pause(attempt, trouble, deadline)
                attempt += 1

    def is_available(self, seconds: float) -> bool:
        """Whether the model's status is AVAILABLE.

        Raises:
            Trouble: the server doesn't say.
        """
        try:
            status = self.ask("GET", "", wait=Wait(deadline=time.monotonic() + seconds))
        except Refusal:
            return False
        return b'"AVAILABLE"' in status

    def close(self) -> None:
        """Close the idle connections."""
        for instance in self.instances:
            instance.close()

    def _try(self, method: str, path: str, body: Sequence[Piece], *, wait: Wait) -> Reply:
        chosen = self._least_busy()
        chosen.busy += 1
        try:
            return chosen.server.request(method, path, body, wait=wait)
        finally:
            chosen.busy -= 1

    def _least_busy(self) -> Instance:
        """The server with the fewest pending requests. Equal ones take turns."""
        self.turn[0] += 1
        start = self.turn[0] % len(self.instances)
        return min((*self.instances[start:], *self.instances[:start]), key=lambda one: one.busy)


def _ports(environment: Mapping[str, str], name: str) -> list[int]:
    return [int(text) for text in environment.get(name, "").split(",") if text.strip()]


def _message(answer: Reply) -> str:
    text = answer.body.decode("utf-8", "replace")
    try:
        return str(json.loads(text)["error"])
    except (ValueError, KeyError, TypeError):
        return text[:500]
