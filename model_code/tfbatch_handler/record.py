"""What a record becomes on its way: a row of a request, a row of a reply, or an error."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class BadRecord:
    """Why one record has no prediction; takes its place among its neighbors' predictions."""

    code: str
    """``InvalidRecord``: it could not be decoded; ``Refused``: TensorFlow Serving refused it."""
    message: str

    def line(self, number: int) -> bytes:
        """The error line, where ``number`` counts the payload's records from 0."""
        error = {"code": self.code, "message": self.message, "record": number}
        return json.dumps({"error": error}, separators=(",", ":")).encode()


Row = bytes | BadRecord
"""An instance of a request or a prediction of a reply, as compact JSON; or why there is none."""
