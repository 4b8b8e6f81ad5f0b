"""Handles one request of the AWS TensorFlow Serving container: decode -> predict -> encode."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tfbatch_handler import accept, container, failure, formats, output, reply, text
from tfbatch_handler.environment import Settings
from tfbatch_handler.fleet import Fleet, Refusal
from tfbatch_handler.metrics import Progress
from tfbatch_handler.predict import predict
from tfbatch_handler.record import BadRecord, Document
from tfbatch_handler.signature import parse_metadata, servable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tfbatch_handler.output import Output
    from tfbatch_handler.record import Instance, Row
    from tfbatch_handler.signature import Signature


class Stream(Protocol):
    """A request's body."""

    def read(self, size: int = -1, /) -> bytes:
        """At most ``size`` bytes."""
        ...


class Context(Protocol):
    """What the container says of a request; in a transform job ``model_name`` is ``None``."""

    rest_uri: str
    request_content_type: str
    accept_header: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Model:
    """A servable, and what is known of it once it has been asked."""

    fleet: Fleet
    signature: Signature
    output: Output
    progress: Progress


class Handler:
    """Everything one worker keeps between requests; opens nothing until the first one."""

    def __init__(self, *, code: Path, environment: Mapping[str, str]) -> None:
        """Read the settings; ``code`` is where the labels lie."""
        self._settings = Settings.parse(environment)
        self._environment = environment
        self._code = code
        self._formats = formats.load()
        self._models: dict[str, Model] = {}

    def __call__(self, data: Stream, context: Context) -> tuple[bytes, str]:
        """Answer one request with a line per record, in order.

        Raises:
            Exception: the request as a whole failed: see ``failure``.
        """
        deadline = time.monotonic() + self._settings.timeout_seconds
        try:
            return self._answer(data, context, deadline=deadline)
        except failure.EXPECTED as error:
            raise failure.as_http(error, context) from error

    def _answer(self, data: Stream, context: Context, *, deadline: float) -> tuple[bytes, str]:
        kind, chosen, parameters = formats.choose(self._formats, context.request_content_type)
        model = self._model(context.rest_uri, deadline=deadline)
        request = formats.Request(
            signature=model.signature, features=self._settings.features, parameters=parameters
        )
        records = chosen.decode(read(data), request)
        if isinstance(records, Document):
            rows = _document(records, model, deadline=deadline)
        else:
            rows = predict(
                records,
                lambda batch: _batch(batch, model, deadline=deadline),
                size=self._settings.batch_size,
            )
        self._check(rows, model)
        return accept.encode(rows, model.output, accept=context.accept_header, sent=kind)

    def _model(self, rest_uri: str, *, deadline: float) -> Model:
        model = self._models.get(rest_uri)
        if model is None:
            fleet = Fleet.at(rest_uri, self._environment)
            metadata = json.loads(fleet.ask("GET", "/metadata", deadline=deadline))
            signature = servable(parse_metadata(metadata))
            model = self._models[rest_uri] = Model(
                fleet=fleet,
                signature=signature,
                output=self._output(signature),
                progress=Progress(model=fleet.model),
            )
        return model

    def _output(self, signature: Signature) -> Output:
        settings = self._settings
        if settings.output == "raw":
            return output.Raw()
        if settings.output == "fields":
            return output.fields_of(signature, settings.fields)
        return output.TopK(
            k=settings.top_k,
            scores=output.scores_of(signature),
            labels=output.read_labels(self._code / settings.labels),
        )

    def _check(self, rows: Sequence[Row], model: Model) -> None:
        bad = [(number, row) for number, row in enumerate(rows) if isinstance(row, BadRecord)]
        model.progress.add(records=len(rows), errors=len(bad))
        if bad and self._settings.on_error == "fail":
            number, row = bad[0]
            raise failure.RecordError(f"record {number}: {row.code}: {row.message}")


def _batch(instances: Sequence[Instance], model: Model, *, deadline: float) -> Sequence[bytes]:
    body = text.predict_request(instances)
    answer = model.fleet.ask("POST", ":predict", body, deadline=deadline)
    return reply.rows(answer, count=len(instances), signature=model.signature)


def _document(document: Document, model: Model, *, deadline: float) -> list[Row]:
    try:
        answer = model.fleet.ask("POST", f":{document.action}", [document.body], deadline=deadline)
    except Refusal as error:
        return [BadRecord(code="Refused", message=str(error))]
    return list(reply.document_rows(answer))


_STEP = 1 << 17


def read(data: Stream) -> bytes:
    """All of a request's body.

    In steps, since gunicorn's ``read()`` of everything grows and copies its buffers again and
    again: in steps of 128 KiB 5 MB take half of its CPU time.
    """
    return b"".join(iter(lambda: data.read(_STEP), b""))


def create(code: Path) -> Handler:
    """The handler of the artifact whose ``code`` directory is given, in the container."""
    container.quiet_requests()
    return Handler(code=code, environment=os.environ)
