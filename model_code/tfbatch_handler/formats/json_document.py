"""JSON: bodies of TensorFlow Serving's REST API, or one value or list as instances."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tfbatch_handler.fitting.error import FitError
from tfbatch_handler.instance import from_json
from tfbatch_handler.record import BadRecord, Document
from tfbatch_handler.serving.json_text import loads

if TYPE_CHECKING:
    from tfbatch_handler.formats import Request
    from tfbatch_handler.record import Decoded
    from tfbatch_handler.signature import Signature

CONTENT_TYPES = ("application/json",)


def decode(payload: bytes, request: Request) -> list[Decoded] | Document:
    """Decode one record for each instance.

    Columns (``inputs``) and ``examples`` stay one document.

    A list is a list of instances, and any other value is one instance, as in the container without
    a handler.
    """
    try:
        value = loads(payload)
    except ValueError as error:
        return [BadRecord(code="InvalidRecord", message=str(error))]
    if isinstance(value, dict) and ("inputs" in value or "examples" in value):
        return Document(body=payload, action=_action(value, request))
    if isinstance(value, dict) and isinstance(value.get("instances"), list):
        value = value["instances"]
    items = value if isinstance(value, list) else [value]
    return [_record(item, request.signature) for item in items]


def _record(item: Any, signature: Signature) -> Decoded:  # noqa: ANN401  JSON
    try:
        return from_json(item, signature)
    except FitError as error:
        return BadRecord(code="InvalidRecord", message=str(error))


def _action(value: dict[str, Any], request: Request) -> str:
    if "examples" not in value:
        return "predict"
    return "regress" if request.signature.method.endswith("regress") else "classify"
