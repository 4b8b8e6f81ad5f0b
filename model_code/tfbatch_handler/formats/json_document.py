"""JSON: bodies of TensorFlow Serving's REST API, or one value or list as instances."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from tfbatch_handler.fitting.error import FitError
from tfbatch_handler.instance import json_reader
from tfbatch_handler.record import BadRecord, Document
from tfbatch_handler.serving.json_text import loads

if TYPE_CHECKING:
    from collections.abc import Callable

    from tfbatch_handler.formats import Request
    from tfbatch_handler.record import Decoded, Keyed

_DOCUMENTS: Final = ("inputs", "examples")
CONTENT_TYPES = ("application/json",)


def decode(payload: bytes, request: Request) -> list[Decoded | Keyed] | Document:
    """Decode one record for each instance.

    Columns (``inputs``) and ``examples`` stay one document.

    A list is a list of instances, and any other value is one instance, as in the container without
    a handler.
    """
    try:
        value = loads(payload)
    except ValueError as error:
        return [request.keyed({}, BadRecord(code="InvalidRecord", message=str(error)))]
    if _is_document(value, request):
        return Document(body=payload, action=_action(value, request))
    if isinstance(value, dict) and isinstance(value.get("instances"), list):
        value = value["instances"]
    items = value if isinstance(value, list) else [value]
    return list(map(value_reader(request), items))


@lru_cache(maxsize=64)
def value_reader(request: Request) -> Callable[[Any], Decoded | Keyed]:
    """What makes records of JSON values, with their key fields."""
    read = json_reader(request.signature)

    def record(value: Any) -> Decoded | Keyed:  # noqa: ANN401  JSON
        try:
            found: Decoded = read(value)
        except FitError as error:
            found = BadRecord(code="InvalidRecord", message=str(error))
        if not request.keys:
            return found
        return request.keyed(value if isinstance(value, dict) else {}, found)

    return record


def _is_document(value: Any, request: Request) -> bool:  # noqa: ANN401  JSON
    """Whether it is in TensorFlow Serving's columns. A record may have fields of these names."""
    if not isinstance(value, dict) or request.keys:
        return False
    return any(name in value and name not in request.signature.inputs for name in _DOCUMENTS)


def _action(value: dict[str, Any], request: Request) -> str:
    if "examples" not in value:
        return "predict"
    return "regress" if request.signature.method.endswith("regress") else "classify"
