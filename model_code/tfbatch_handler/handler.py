"""Handles one request of the AWS TensorFlow Serving container: decode -> predict -> encode."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tfbatch_handler import formats, output
from tfbatch_handler.environment import Settings
from tfbatch_handler.metrics import Progress
from tfbatch_handler.record import BadRecord
from tfbatch_handler.serving import Servable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from tfbatch_handler.record import Row
    from tfbatch_handler.signature import Signature

_LINES = "application/jsonlines"
_MARGIN_SECONDS = 5.0
_DEFAULT_SECONDS = 60.0


class Stream(Protocol):
    """A request's body."""

    def read(self) -> bytes:
        """All of it."""
        ...


class Context(Protocol):
    """What the container says of a request; 2.20 adds ``timeout``, in seconds."""

    rest_uri: str
    request_content_type: str
    accept_header: str


class RecordError(ValueError):
    """A bad record, where ``TFBATCH_ON_ERROR`` is ``fail``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Model:
    """A servable, with what is known of it once it has been asked."""

    servable: Servable
    signature: Signature
    line: Callable[[bytes], bytes]


class Handler:
    """Everything one worker keeps between requests; opens nothing until the first one."""

    def __init__(self, *, code: Path, environment: Mapping[str, str]) -> None:
        """Read the settings; ``code`` is where the labels lie."""
        self._settings = Settings.parse(environment)
        self._code = code
        self._formats = formats.load()
        self._models: dict[str, Model] = {}
        self._progress: Progress | None = None

    def __call__(self, data: Stream, context: Context) -> tuple[bytes, str]:
        """Answer one request with a line per record, in order."""
        deadline = (
            time.monotonic() + getattr(context, "timeout", _DEFAULT_SECONDS) - _MARGIN_SECONDS
        )
        chosen, parameters = formats.choose(self._formats, context.request_content_type)
        model = self._model(context.rest_uri, deadline=deadline)
        request = formats.Request(
            signature=model.signature, features=self._settings.features, parameters=parameters
        )
        rows = chosen.decode(data.read(), request)
        predictions = predict(rows, model=model, deadline=deadline)
        self._count(model, predictions)
        return self._encode(predictions, model=model), _LINES

    def _model(self, rest_uri: str, *, deadline: float) -> Model:
        model = self._models.get(rest_uri)
        if model is None:
            servable = Servable.at(rest_uri)
            signature = servable.signature(deadline=deadline)
            model = Model(servable=servable, signature=signature, line=self._line(signature))
            self._models[rest_uri] = model
        return model

    def _line(self, signature: Signature) -> Callable[[bytes], bytes]:
        if self._settings.output == "raw":
            return output.raw
        return output.TopK(
            k=self._settings.top_k,
            scores=output.scores_of(signature),
            labels=output.read_labels(self._code / self._settings.labels),
        )

    def _count(self, model: Model, rows: Sequence[Row]) -> None:
        if self._progress is None:
            self._progress = Progress(model=model.servable.name)
        errors = sum(isinstance(row, BadRecord) for row in rows)
        self._progress.add(records=len(rows), errors=errors)

    def _encode(self, rows: Sequence[Row], *, model: Model) -> bytes:
        lines = []
        for number, row in enumerate(rows):
            if not isinstance(row, BadRecord):
                lines.append(model.line(row))
            elif self._settings.on_error == "record":
                lines.append(row.line(number))
            else:
                raise RecordError(f"record {number}: {row.code}: {row.message}")
        return b"\n".join(lines)


def predict(rows: Sequence[Row], *, model: Model, deadline: float) -> list[Row]:
    """Predict the good rows as if the bad ones were not there, and put each in its place."""
    good = [row for row in rows if not isinstance(row, BadRecord)]
    if not good:
        return list(rows)
    predicted = iter(model.servable.predict(good, outputs=model.signature, deadline=deadline))
    return [row if isinstance(row, BadRecord) else next(predicted) for row in rows]


def create(code: Path) -> Handler:
    """The handler of the artifact whose ``code`` directory is given."""
    return Handler(code=code, environment=os.environ)
