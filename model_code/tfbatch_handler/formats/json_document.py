"""JSON: bodies of TensorFlow Serving's REST API, or one value or list as instances."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tfbatch_handler.record import BadRecord, Document
from tfbatch_handler.serving.json_text import dumps

if TYPE_CHECKING:
    from tfbatch_handler.formats import Request
    from tfbatch_handler.record import Decoded

CONTENT_TYPES = ("application/json",)


def decode(payload: bytes, request: Request) -> list[Decoded] | Document:
    """Decode one record for each instance.

    Columns (``inputs``) and ``examples`` stay one document.

    A list is a list of instances, and any other value is one instance, as in the container without
    a handler.
    """
    try:
        value = json.loads(payload)
    except ValueError as error:
        return [BadRecord(code="InvalidRecord", message=f"not JSON: {error}")]
    if isinstance(value, dict) and ("inputs" in value or "examples" in value):
        return Document(body=payload, action=_action(value, request))
    if isinstance(value, dict) and isinstance(value.get("instances"), list):
        value = value["instances"]
    return [dumps(item) for item in (value if isinstance(value, list) else [value])]


def _action(value: dict[str, Any], request: Request) -> str:
    if "examples" not in value:
        return "predict"
    return "regress" if request.signature.method.endswith("regress") else "classify"
