"""A handler in front of a stand-in for TensorFlow Serving."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.tfbatch_handler.serving import Model, OldContext, StandIn
from tfbatch_handler.handler import Handler

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@dataclass
class Service:
    """A handler and the model behind it."""

    handler: Handler
    server: StandIn

    @property
    def model(self) -> Model:
        return self.server.model

    def send(self, payload: bytes, kind: str, accept: str = "application/json") -> str:
        context = OldContext(self.server.uri, kind, accept)
        body, _ = self.handler(io.BytesIO(payload), context)
        return body.decode()

    def lines(self, payload: bytes, kind: str, accept: str = "application/jsonlines") -> list[Any]:
        return [json.loads(line) for line in self.send(payload, kind, accept).split("\n") if line]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Start a service: ``serve(Model(…), TFBATCH_OUTPUT="top_k")``."""
    running: list[Service] = []

    def start(model: Model | None = None, **environment: str) -> Service:
        server = StandIn(model or Model()).__enter__()
        running.append(Service(Handler(code=tmp_path, environment=environment), server))
        return running[-1]

    yield start
    for service in running:
        service.handler.close()
        service.server.__exit__()


@pytest.fixture
def body() -> Callable[[bytes], io.BytesIO]:
    """A request's stream."""
    return io.BytesIO
