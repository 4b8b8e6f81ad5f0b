"""Serves artifacts without Python code: nginx passes requests to the model server."""

from __future__ import annotations

import random
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

import falcon
import requests

from tfbatch_sandbox.container import njs
from tfbatch_sandbox.container.context import BadAttributeError, predict_uri
from tfbatch_sandbox.container.nginx import error_page

if TYPE_CHECKING:
    from tfbatch_sandbox.container.profile import Profile

_JSON = {"Content-Type": "application/json", "Accept": "application/json"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectPing:
    """Healthy if the default model is. The Python service doesn't check that."""

    rest_ports: tuple[str, ...]
    default_model_name: str

    def on_get(self, _: falcon.Request, response: falcon.Response) -> None:
        """200, or 502 if the model is not available."""
        url = f"http://localhost:{_any(self.rest_ports)}/v1/models/{self.default_model_name}"
        status, text = _ask("GET", url, None)
        is_available = status == HTTPStatus.OK and '"AVAILABLE"' in text
        response.status = falcon.HTTP_200 if is_available else falcon.HTTP_502


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectInvocations:
    """Forwards a request to the model server as a predict request, and returns its reply."""

    profile: Profile
    rest_ports: tuple[str, ...]
    default_model_name: str

    def on_post(self, request: falcon.Request, response: falcon.Response) -> None:
        """The model server's status and reply; 415 for anything but JSON and CSV."""
        response.content_type = "application/json"
        try:
            body = njs.to_predict_request(
                request.stream.read().decode("utf-8", "replace"),
                request.get_header("Content-Type"),
                self.profile,
            )
            port = _any(self.rest_ports)
            url = predict_uri(
                request,
                port=port,
                default_model_name=self.default_model_name,
                profile=self.profile,
            )
        except njs.UnsupportedMediaTypeError as error:
            response.status, response.text = falcon.HTTP_415, njs.error(str(error), self.profile)
        except BadAttributeError as error:
            response.status, response.text = falcon.HTTP_400, njs.error(str(error), self.profile)
        else:
            status, text = _ask("POST", url, body.encode())
            response.status = falcon.code_to_http_status(status)
            response.text = njs.to_reply(text, request.get_header("Accept"))


def _any(ports: tuple[str, ...]) -> str:
    return random.choice(ports)  # noqa: S311 - spreads load, keeps no secret


def _ask(method: str, url: str, body: bytes | None) -> tuple[int, str]:
    try:
        # Without a time-out of its own: nginx's applies to the whole request.
        reply = requests.request(method, url, data=body, headers=_JSON, timeout=None)  # noqa: S113
    except requests.ConnectionError:
        return HTTPStatus.BAD_GATEWAY, error_page(HTTPStatus.BAD_GATEWAY, "Bad Gateway")
    return reply.status_code, reply.text
