"""Loads the user's ``inference.py``, or the default handler."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

import falcon
import requests

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tfbatch_sandbox.container.context import Context, OldContext
    from tfbatch_sandbox.container.profile import Profile

    AnyContext = Context | OldContext
    Handler = Callable[[Any, AnyContext], tuple[Any, str]]


def load_handler(script: Path, profile: Profile) -> Handler:
    """Load ``handler``, or ``input_handler`` and ``output_handler`` around a predict request.

    Raises:
        NotImplementedError: the script has neither.
        Exception: importing the script failed.
    """
    spec = importlib.util.spec_from_file_location("inference", script)
    if spec is None or spec.loader is None:
        raise ImportError(f"{script} is not a Python script")
    inference = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(inference)
    if hasattr(inference, "handler"):
        handler: Handler = inference.handler
        return handler
    if hasattr(inference, "input_handler") and hasattr(inference, "output_handler"):
        return _pair(inference.input_handler, inference.output_handler, profile)
    raise NotImplementedError("Handlers are not implemented correctly in user script.")


def default_handler(profile: Profile) -> Handler:
    """Post the body to TensorFlow Serving unchanged."""

    def handle(data: Any, context: AnyContext) -> tuple[bytes, str]:  # noqa: ANN401 (a stream)
        response = _post(data.read().decode("utf-8"), context, profile)
        return response.content, context.accept_header

    return handle


def _pair(input_handler: Any, output_handler: Any, profile: Profile) -> Handler:  # noqa: ANN401
    def handle(data: Any, context: AnyContext) -> tuple[Any, str]:  # noqa: ANN401 (a stream)
        response = _post(input_handler(data, context), context, profile)
        result: tuple[Any, str] = output_handler(response, context)
        return result

    return handle


def _post(body: str | bytes, context: AnyContext, profile: Profile) -> requests.Response:
    """A new connection for each request and, before 2.20, no time-out, like the container."""
    response = requests.post(context.rest_uri, data=body, timeout=getattr(context, "timeout", None))
    if profile.raises_for_status and not response.ok:
        raise falcon.HTTPError(
            falcon.code_to_http_status(response.status_code),
            description=response.content.decode("utf-8", "replace"),
        )
    return response
