"""``GenerateInferenceId``: adds an id and the job's start to each record.

CSV gets two more columns, JSON and JSON Lines two more members. Source: "Capture data from batch
transform job", SageMaker developer guide. AWS doesn't document other formats; here they stay
unchanged. A result that is not an object goes under ``output``, as in the guide.
"""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Final

from tfbatch_sandbox.transform.failure import client_error

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from tfbatch_sandbox.transform.job import Job


def identify(reply: bytes, job: Job, started: datetime) -> bytes:
    """The reply as the job writes it.

    Args:
        reply: a record's result in CSV or JSON, or a line for each of several.
        job: gives the format and whether it wants ids.
        started: when the job started, UTC.

    Raises:
        ObjectFailure: a result is not JSON although the job's Accept says so.
    """
    append = _FORMATS.get(job.output.accept or "")
    if append is None or job.capture is None or not job.capture.generates_ids:
        return reply
    time = f"{started:%Y-%m-%dT%H:%M:%SZ}"
    results = reply.splitlines(keepends=True) if _is_of_lines(reply, job) else [reply]
    return b"".join(_with_end(append, result, time) for result in results)


def _is_of_lines(reply: bytes, job: Job) -> bool:
    """A JSON document may contain line feeds."""
    if job.output.accept != _JSON:
        return True
    try:
        json.loads(reply)
    except ValueError:
        return True
    return False


def _with_end(append: Callable[[bytes, str, str], bytes], result: bytes, time: str) -> bytes:
    bare = result.rstrip(b"\r\n")
    return append(bare, str(uuid.uuid4()), time) + result[len(bare) :] if bare else result


def _to_row(row: bytes, identity: str, time: str) -> bytes:
    return row + f",{identity},{time}".encode()


def _to_document(document: bytes, identity: str, time: str) -> bytes:
    """Appended as text, so that numbers aren't changed."""
    try:
        value = json.loads(document)
    except ValueError as error:
        raise client_error(f"GenerateInferenceId failed: not JSON: {error}") from error
    if not isinstance(value, dict):
        document, value = b'{"output": ' + document.strip() + b"}", {"output": value}
    begin = document.rstrip()[:-1].rstrip() + (b", " if value else b"")
    ids = json.dumps({"SageMakerInferenceId": identity, "SageMakerInferenceTime": time})
    return begin + ids.removeprefix("{").encode()


_JSON: Final = "application/json"
_FORMATS: Final = {
    "text/csv": _to_row,
    _JSON: _to_document,
    "application/jsonlines": _to_document,
}
