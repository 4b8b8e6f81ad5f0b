"""TensorFlow Serving's REST API: paths, methods and replies."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from aiohttp import web

from tfbatch_sandbox.model_server import examples
from tfbatch_sandbox.model_server.json_api.reply import write_error, write_predict
from tfbatch_sandbox.model_server.json_api.request import parse_predict
from tfbatch_sandbox.model_server.tensorflow.status import StatusError, as_status, invalid_argument

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler

    from tfbatch_sandbox.model_server.models import Models
    from tfbatch_sandbox.model_server.predictor import Predictor

_PREDICTION: Final = re.compile(
    r"/v1/models/([^/:]+)(?:/versions/(\d+)|/labels/([^/:]+))?:(classify|regress|predict)",
    re.IGNORECASE,
)
_STATUS: Final = re.compile(
    r"/v1/models(?:/([^/:]+))?(?:/versions/(\d+)|/labels/([^/:]+))?(?:/(metadata))?",
    re.IGNORECASE,
)
_LAST_VERSION: Final = str(2**63 - 1)


def application(*, models: Models, predictor: Predictor, max_body_bytes: int) -> web.Application:
    """The server's routes.

    Args:
        models: loaded, or still loading.
        predictor: runs a servable, maybe in batches.
        max_body_bytes: a larger request is refused with 413.
    """
    app = web.Application(client_max_size=max_body_bytes, middlewares=[_say_errors])
    api = _Api(models, predictor)
    app.router.add_route("POST", "/v1/{rest:.*}", api.post)
    app.router.add_route("GET", "/v1/{rest:.*}", api.get)
    return app


class _Api:
    def __init__(self, models: Models, predictor: Predictor) -> None:
        self._models = models
        self._predictor = predictor

    async def post(self, request: web.Request) -> web.Response:
        """Predict, classify or regress."""
        match = _PREDICTION.fullmatch(request.rel_url.raw_path)
        if match is None:
            raise _malformed(request)
        method = examples.METHODS.get(match[4].lower())
        if method is None:
            return _reply(await self._predict(request, match))
        return _reply(await self._run_examples(request, match, method))

    async def _predict(self, request: web.Request, match: re.Match[str]) -> bytes:
        _, servable = self._find(match)
        body = await request.read()
        signature, inputs, layout = parse_predict(body, servable.signature)
        outputs = await self._predictor.predict(servable, signature, inputs)
        return write_predict(outputs, layout)

    async def _run_examples(
        self, request: web.Request, match: re.Match[str], method: examples.Method
    ) -> bytes:
        _, servable = self._find(match)
        name, records = examples.read_json(await request.read())
        signature = method.check(servable, name)
        outputs = await examples.run(self._predictor.predict, servable, signature, records)
        return examples.write_json(method, outputs, len(records))

    async def get(self, request: web.Request) -> web.Response:
        """Model status, or metadata."""
        match = _STATUS.fullmatch(request.rel_url.raw_path)
        if match is None:
            raise _malformed(request)
        if not match[1]:
            raise invalid_argument("Missing model name in request.")
        return _reply(self._metadata(match) if match[4] else self._status(match))

    def _find(self, match: re.Match[str]) -> tuple[int, Any]:
        name, number = unquote(match[1]), _version(match)
        if match[3]:
            raise invalid_argument(f"Unrecognized servable version label: {unquote(match[3])}")
        return self._models.servable(name, number)

    def _status(self, match: re.Match[str]) -> bytes:
        versions = self._models.states(unquote(match[1]), _version(match))
        reply = {
            "model_version_status": [
                {"version": str(number), "state": version.state, "status": version.status()}
                for number, version in versions.items()
            ]
        }
        return (json.dumps(reply, indent=1) + "\n").encode()

    def _metadata(self, match: re.Match[str]) -> bytes:
        from google.protobuf.json_format import MessageToDict  # type: ignore[import-untyped] # noqa: PLC0415

        number, servable = self._find(match)
        spec = {"name": unquote(match[1]), "signature_name": "", "version": str(number)}
        signatures = {
            name: MessageToDict(
                definition,
                preserving_proto_field_name=True,
                always_print_fields_with_no_presence=True,
            )
            for name, definition in servable.signature_defs.items()
        }
        written = json.dumps({"signature_def": signatures}, indent=1, ensure_ascii=False)
        return (
            f'{{\n"model_spec":{json.dumps(spec, indent=1)}\n,\n'
            f'"metadata": {{"signature_def": {written}\n}}\n}}\n'
        ).encode()


def _version(match: re.Match[str]) -> int | None:
    digits = match[2]
    if digits and (len(digits) > len(_LAST_VERSION) or digits.zfill(19) > _LAST_VERSION):
        raise invalid_argument(f"Failed to convert version: {digits} to numeric.")
    return int(digits) if digits else None


def _malformed(request: web.Request) -> StatusError:
    return invalid_argument(f"Malformed request: {request.method} {request.rel_url.raw_path}")


def _reply(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="application/json")


@web.middleware
async def _say_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPException:
        raise
    except Exception as error:  # noqa: BLE001 (each has a status)
        status = as_status(error)
        return web.Response(
            status=status.http_status, body=write_error(status), content_type="application/json"
        )
