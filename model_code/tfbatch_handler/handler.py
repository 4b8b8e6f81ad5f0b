"""Handles one request: decode, predict, encode."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import threading
import time
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Protocol

from tfbatch_handler import body, container, failure, formats
from tfbatch_handler.environment import Settings, server_batch
from tfbatch_handler.metrics import Progress
from tfbatch_handler.outputs import accept, output
from tfbatch_handler.outputs.choice import keys_problem, output_of
from tfbatch_handler.record import BadRecord, Document, Keyed
from tfbatch_handler.serving import json_text, predict, reply
from tfbatch_handler.serving.grpc import Unanswered
from tfbatch_handler.serving.health import Health
from tfbatch_handler.serving.servers import Fleet
from tfbatch_handler.signature import SignatureError, parse_metadata, servable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from tfbatch_handler.body import Stream
    from tfbatch_handler.outputs.output import Output
    from tfbatch_handler.record import Decoded, Instance, Prediction, Row
    from tfbatch_handler.serving.sockets import Wait
    from tfbatch_handler.signature import Signature


_CONTENT_TYPES = 64
"""So many are kept as parsed. A job has one."""


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
    health: Health
    request: Callable[[str], formats.Request]
    """What a format needs, by Content-Type."""


class Handler:
    """The state that a worker keeps between requests. It opens nothing before the first request."""

    def __init__(self, *, code: Path, environment: Mapping[str, str]) -> None:
        """Read the settings. ``code`` has the labels."""
        self._settings = Settings.parse(environment)
        self._merged = server_batch(environment)
        self._environment = environment
        self._code = code
        known = formats.load(code / "formats")
        self._choose = lru_cache(maxsize=_CONTENT_TYPES)(partial(formats.choose, known))
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
        kind, chosen, _ = self._choose(context.request_content_type)
        model = self._model(context.rest_uri, deadline=deadline)
        request = model.request(context.request_content_type)
        records = chosen.decode(body.read(data), request)
        asked = accept.Accept(header=context.accept_header, sent=kind)
        if isinstance(records, Document):
            return self._document(records, model, asked, deadline=deadline)
        bare, keys = _keys(records, request.keys)
        rows = self._predictor(model, model.health.send, deadline=deadline).predict(bare)
        self._check(rows, model, deadline=deadline)
        return accept.encode(rows, model.output, asked, keys)

    def _document(
        self, document: Document, model: Model, asked: accept.Accept, *, deadline: float
    ) -> tuple[bytes, str]:
        """Forward a document. Its reply stays a document unless other output is asked for."""

        def send(bodies: Sequence[Instance], wait: Wait) -> list[bytes]:
            (body,) = bodies
            sent = [json_text.named(body, model.signature)]  # type: ignore[arg-type]
            return [model.fleet.ask("POST", f":{document.action}", sent, wait=wait)]

        predictor = self._predictor(model, send, deadline=deadline)
        rows = predictor.predict([document.body])
        if isinstance(rows[0], bytes):
            answer = rows[0]
            rows = list(reply.document_rows(answer))
            if asked.document and isinstance(model.output, output.Raw):
                self._check(rows, model, deadline=deadline)
                return reply.compact(answer, model.signature), accept.JSON
        self._check(rows, model, deadline=deadline)
        return accept.encode(rows, model.output, asked)

    def _predictor(self, model: Model, send: predict.Send, *, deadline: float) -> predict.Predictor:
        takes_batches = model.signature.takes_batches
        return predict.Predictor(
            send=send,
            health=model.health,
            size=self._settings.batch_size if takes_batches else 1,
            merged=self._merged if takes_batches and send is model.health.send else 0,
            deadline=deadline,
        )

    def _model(self, rest_uri: str, *, deadline: float) -> Model:
        """The model of a Context's ``rest_uri``, for any server's port."""
        model = self._by_uri.get(rest_uri)
        if model is None:
            fleet = Fleet.at(rest_uri, self._environment)
            # The first requests come at the same time. Created here, the lock is gevent's under
            # gevent.
            with self._locks.setdefault(fleet.key, threading.Lock()):
                try:
                    model = self._models.get(fleet.key) or self._ask(fleet, deadline=deadline)
                except BaseException:
                    fleet.close()
                    raise
                self._models[fleet.key] = self._by_uri[rest_uri] = model
        return model

    def _ask(self, fleet: Fleet, *, deadline: float) -> Model:
        metadata = json.loads(fleet.metadata(deadline=deadline))
        signature = servable(parse_metadata(metadata), name=self._settings.signature)
        output = output_of(signature, self._settings, code=self._code)
        health = Health(
            send=lambda batch, wait: _send(batch, fleet, signature, output, wait=wait),
            is_available=fleet.is_available,
            signature=signature,
            record_seconds=self._settings.record_seconds,
            merged=self._merged,
            name="-".join(str(instance.server.port) for instance in fleet.instances),
        )
        return Model(
            fleet=fleet,
            signature=signature,
            output=output,
            progress=Progress(model=fleet.model),
            health=health,
            request=lru_cache(maxsize=_CONTENT_TYPES)(partial(self._request, signature, output)),
        )

    def _request(self, signature: Signature, output: Output, content_type: str) -> formats.Request:
        _, _, parameters = self._choose(content_type)
        request = formats.Request(
            signature=signature, features=self._settings.features, parameters=parameters
        )
        if request.keys and (problem := keys_problem(output)):
            raise SignatureError(problem)
        return request

    def _check(self, rows: Sequence[Row], model: Model, *, deadline: float) -> None:
        bad = [(number, row) for number, row in enumerate(rows) if isinstance(row, BadRecord)]
        seconds = time.monotonic() - (deadline - self._settings.timeout_seconds)
        model.progress.add(records=len(rows), errors=len(bad), seconds=seconds)
        if bad and self._settings.on_error == "fail":
            number, row = bad[0]
            raise failure.RecordError(f"record {number}: {row.code}: {row.message}")


def _keys(
    records: Sequence[Decoded | Keyed], names: Sequence[str]
) -> tuple[Sequence[Decoded], Sequence[Mapping[str, Any]] | None]:
    """The records, and the key fields of each if there are any."""
    if not names:
        return records, None  # type: ignore[return-value]
    without = dict.fromkeys(names)
    bare = [one.record if isinstance(one, Keyed) else one for one in records]
    return bare, [one.key if isinstance(one, Keyed) else without for one in records]


def _send(
    instances: Sequence[Instance], fleet: Fleet, signature: Signature, output: Output, *, wait: Wait
) -> Sequence[Prediction]:
    """Predict in one attempt, over gRPC if only scores are needed, else over REST."""
    if signature.needs_columns:
        sent = json_text.columns_request(instances[0], signature)
        return [reply.column_row(fleet.ask("POST", ":predict", sent, wait=wait), signature)]
    wanted = output.scores
    tensors = [record for record in instances if not isinstance(record, bytes)]
    if wanted is not None and len(tensors) == len(instances):
        with contextlib.suppress(Unanswered):
            return fleet.scores(tensors, output=wanted, signature=signature.name, wait=wait)
    sent = json_text.predict_request(instances, signature)
    answer = fleet.ask("POST", ":predict", sent, wait=wait)
    return reply.rows(answer, count=len(instances), signature=signature)


def create(code: Path) -> Handler:
    """Create the handler of the artifact whose ``code`` directory is given."""
    container.quiet_requests()
    container.keep_memory()
    handler = Handler(code=code, environment=os.environ)
    atexit.register(handler.close)
    return handler
