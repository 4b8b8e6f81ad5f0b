"""Handles one request: decode, predict, encode."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tfbatch_handler import body, container, failure, formats
from tfbatch_handler.environment import Settings, server_batch
from tfbatch_handler.metrics import Progress
from tfbatch_handler.outputs import accept, output
from tfbatch_handler.outputs.choice import output_of
from tfbatch_handler.record import BadRecord, Document
from tfbatch_handler.serving import json_text, reply
from tfbatch_handler.serving.grpc import Unanswered
from tfbatch_handler.serving.predict import predict
from tfbatch_handler.serving.servers import Fleet, Refusal
from tfbatch_handler.signature import parse_metadata, servable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tfbatch_handler.body import Stream
    from tfbatch_handler.outputs.output import Output
    from tfbatch_handler.record import Instance, Prediction, Row
    from tfbatch_handler.signature import Signature


class Context(Protocol):
    """The container's data about a request. In a transform job ``model_name`` is ``None``."""

    @property
    def rest_uri(self) -> str:
        """The REST address of TensorFlow Serving."""
        ...

    @property
    def request_content_type(self) -> str:
        """The request's Content-Type, with its parameters."""
        ...

    @property
    def accept_header(self) -> str:
        """The request's Accept."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Model:
    """A servable and its signature."""

    fleet: Fleet
    signature: Signature
    output: Output
    progress: Progress


class Handler:
    """The state that a worker keeps between requests. It opens nothing before the first request."""

    def __init__(self, *, code: Path, environment: Mapping[str, str]) -> None:
        """Read the settings. ``code`` has the labels."""
        self._settings = Settings.parse(environment)
        self._merged = server_batch(environment)
        self._environment = environment
        self._code = code
        self._formats = formats.load(code / "formats")
        self._by_uri: dict[str, Model] = {}
        self._models: dict[object, Model] = {}
        self._locks: dict[object, threading.Lock] = {}

    def __call__(self, data: Stream, context: Context) -> tuple[bytes, str]:
        """Answer one request with a line for each record, in order.

        Raises:
            Exception: the whole request failed: see ``failure``.
        """
        deadline = time.monotonic() + self._settings.timeout_seconds
        try:
            return self._answer(data, context, deadline=deadline)
        except failure.EXPECTED as error:
            raise failure.as_http(error, context) from error

    def close(self) -> None:
        """Close idle connections and print the last counts."""
        for model in self._models.values():
            model.fleet.close()
            model.progress.close()

    def _answer(self, data: Stream, context: Context, *, deadline: float) -> tuple[bytes, str]:
        kind, chosen, parameters = formats.choose(self._formats, context.request_content_type)
        model = self._model(context.rest_uri, deadline=deadline)
        request = formats.Request(
            signature=model.signature, features=self._settings.features, parameters=parameters
        )
        records = chosen.decode(body.read(data), request)
        asked = accept.Accept(header=context.accept_header, sent=kind)
        if isinstance(records, Document):
            return self._document(records, model, asked, deadline=deadline)
        rows = predict(
            records,
            lambda batch: _batch(batch, model, deadline=deadline),
            size=self._settings.batch_size,
            merged=self._merged,
        )
        self._check(rows, model, deadline=deadline)
        return accept.encode(rows, model.output, asked)

    def _document(
        self, document: Document, model: Model, asked: accept.Accept, *, deadline: float
    ) -> tuple[bytes, str]:
        """Forward a document. Its reply stays a document unless other output is asked for."""
        try:
            sent = [document.body]
            answer = model.fleet.ask("POST", f":{document.action}", sent, deadline=deadline)
        except Refusal as error:
            rows: list[Row] = [BadRecord(code="Refused", message=str(error))]
        else:
            rows = list(reply.document_rows(answer))
            if asked.document and isinstance(model.output, output.Raw):
                self._check(rows, model, deadline=deadline)
                return reply.compact(answer, model.signature), accept.JSON
        self._check(rows, model, deadline=deadline)
        return accept.encode(rows, model.output, asked)

    def _model(self, rest_uri: str, *, deadline: float) -> Model:
        """The model of a Context's ``rest_uri``, for any server's port."""
        model = self._by_uri.get(rest_uri)
        if model is None:
            fleet = Fleet.at(rest_uri, self._environment)
            # The first requests come at the same time. Created here, the lock is gevent's under
            # gevent.
            with self._locks.setdefault(fleet.key, threading.Lock()):
                model = self._models.get(fleet.key) or self._ask(fleet, deadline=deadline)
                self._models[fleet.key] = self._by_uri[rest_uri] = model
        return model

    def _ask(self, fleet: Fleet, *, deadline: float) -> Model:
        metadata = json.loads(fleet.ask("GET", "/metadata", deadline=deadline))
        signature = servable(parse_metadata(metadata))
        return Model(
            fleet=fleet,
            signature=signature,
            output=output_of(signature, self._settings, code=self._code),
            progress=Progress(model=fleet.model),
        )

    def _check(self, rows: Sequence[Row], model: Model, *, deadline: float) -> None:
        bad = [(number, row) for number, row in enumerate(rows) if isinstance(row, BadRecord)]
        seconds = time.monotonic() - (deadline - self._settings.timeout_seconds)
        model.progress.add(records=len(rows), errors=len(bad), seconds=seconds)
        if bad and self._settings.on_error == "fail":
            number, row = bad[0]
            raise failure.RecordError(f"record {number}: {row.code}: {row.message}")


def _batch(instances: Sequence[Instance], model: Model, *, deadline: float) -> Sequence[Prediction]:
    wanted = model.output.scores
    tensors = [record for record in instances if not isinstance(record, bytes)]
    if wanted is not None and len(tensors) == len(instances):
        with contextlib.suppress(Unanswered):
            return model.fleet.scores(tensors, output=wanted, deadline=deadline)
    sent = json_text.predict_request(instances)
    answer = model.fleet.ask("POST", ":predict", sent, deadline=deadline)
    return reply.rows(answer, count=len(instances), signature=model.signature)


def create(code: Path) -> Handler:
    """Create the handler of the artifact whose ``code`` directory is given."""
    container.quiet_requests()
    container.keep_memory()
    handler = Handler(code=code, environment=os.environ)
    atexit.register(handler.close)
    return handler
