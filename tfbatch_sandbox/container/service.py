"""The container's Python service: ``/ping`` and ``/invocations``."""

from __future__ import annotations

import json
import logging
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import falcon

from tfbatch_sandbox.container.context import BadAttributeError, Server, make_context

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfbatch_sandbox.container.handlers import Handler
    from tfbatch_sandbox.container.profile import Profile

_log = logging.getLogger(__name__)
_DEFAULT_CONTENT_TYPES = {
    "application/json",
    "application/jsonlines",
    "application/jsons",
    "text/csv",
}


class Ping:
    """Always healthy, even if the model server exited, as in the container."""

    def on_get(self, _: falcon.Request, response: falcon.Response) -> None:
        """200, empty."""
        response.status = falcon.HTTP_200


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocations:
    """Runs the handler on each request."""

    handler: Handler
    is_default_handler: bool
    profile: Profile
    rest_ports: tuple[str, ...]
    channels: Mapping[str, Any]
    """A gRPC channel for each gRPC port."""
    default_model_name: str
    timeout: int

    def on_post(self, request: falcon.Request, response: falcon.Response) -> None:
        """The handler's body and content type; 500 with its error when it raises."""
        try:
            context = make_context(request, profile=self.profile, server=self._server())
        except BadAttributeError as error:
            _answer_error(response, falcon.HTTP_400, str(error))
            return
        if self.is_default_handler and not self._is_served(request):
            _answer_error(
                response, falcon.HTTP_415, f"Unsupported Media Type: {request.content_type}"
            )
            return
        self._handle(request, response, context)

    def _server(self) -> Server:
        """Both ports at random and independently, as the container picks them."""
        grpc_port = random.choice(tuple(self.channels))  # noqa: S311 (spreads load, no secret)
        return Server(
            rest_port=random.choice(self.rest_ports),  # noqa: S311
            grpc_port=grpc_port,
            channel=self.channels[grpc_port],
            default_model_name=self.default_model_name,
            timeout=self.timeout,
        )

    def _is_served(self, request: falcon.Request) -> bool:
        content_type = (request.content_type or "").split(";")[0].strip().lower()
        return (
            not self.profile.checks_default_content_type
            or not content_type
            or content_type in _DEFAULT_CONTENT_TYPES
        )

    def _handle(self, request: falcon.Request, response: falcon.Response, context: Any) -> None:  # noqa: ANN401
        try:
            body, content_type = self.handler(request.stream, context)
            response.content_type = content_type
            response.data = body.encode() if isinstance(body, str) else body
        except Exception as error:
            if self.profile.raises_for_status and isinstance(error, falcon.HTTPError):
                raise
            _log.exception("exception handling request")
            _answer_error(response, falcon.HTTP_500, str(error))


def _answer_error(response: falcon.Response, status: str, message: str) -> None:
    response.status = status
    response.data = json.dumps({"error": message}).encode()


def application(ping: object, invocations: object) -> falcon.App[falcon.Request, falcon.Response]:
    """The service's routes."""
    app = falcon.App()
    app.add_route("/ping", ping)
    app.add_route("/invocations", invocations)
    return app
