"""Writes the answers of ListObjectsV2 without moto's serializer, which takes 0.3 ms for each key.

A run lists its inputs and its outputs, so that the sandbox would spend seconds on 20,000 objects.
What is listed, and which fields an answer has, is moto's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

from moto.s3.responses import S3Response

from tfbatch_sandbox.services.patch import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from moto.core.responses import ActionResult

    from tfbatch_sandbox.services.runtime import Runtime

_BEFORE: Final = '<?xml version="1.0" encoding="utf-8"?>\n'
_NAMESPACE: Final = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
_CONTROLS: Final = {chr(code): f"&#{code};" for code in (9, 10, 13)}
"""Characters that a parser would change or drop."""


def install(_runtime: Runtime) -> None:
    """Write these answers."""
    replace(S3Response, "serialized", _of_listings(S3Response.serialized))


def _of_listings(original: Callable[..., Any]) -> Callable[..., Any]:
    def serialized(response: S3Response, result: ActionResult) -> Any:  # noqa: ANN401 - moto's
        if response.data.get("Action") != "ListObjectsV2" or not isinstance(result.result, dict):
            return original(response, result)
        text = _element("ListBucketResult", result.result, _NAMESPACE)
        headers = {"Content-Type": "application/xml"} | dict(response.response_headers)
        return 200, headers, (_BEFORE + text).encode()

    return serialized


def _element(name: str, value: object, attributes: str = "") -> str:
    """An element; for a list one for each of its values, as S3 flattens them."""
    if isinstance(value, list):
        return "".join(_element(name, one) for one in value)
    if isinstance(value, dict):
        inner = "".join([_element(key, one) for key, one in value.items() if one is not None])
    elif isinstance(value, bool):
        inner = str(value).lower()
    else:
        inner = escape(str(value), _CONTROLS)
    return f"<{name}{attributes}>{inner}</{name}>"
