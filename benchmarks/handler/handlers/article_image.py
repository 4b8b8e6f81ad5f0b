"""The rival for images: the article's input_handler and output_handler."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from requests import Response


def input_handler(data: Any, context: Any) -> str:  # noqa: ANN401
    """The image in base64, in the body that TensorFlow Serving's REST API wants."""
    if context.request_content_type != "application/x-image":
        raise ValueError(f"unsupported content type {context.request_content_type!r}")
    encoded = base64.b64encode(data.read()).decode("utf-8")
    return json.dumps({"instances": [{"b64": encoded}]})


def output_handler(response: Response, context: Any) -> tuple[bytes, str]:  # noqa: ANN401
    """TensorFlow Serving's reply, unmodified."""
    if response.status_code != 200:  # noqa: PLR2004
        raise ValueError(response.content.decode("utf-8"))
    return response.content, context.accept_header
