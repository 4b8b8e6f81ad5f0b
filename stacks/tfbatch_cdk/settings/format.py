"""Settings of an input format: content type, splitting, batching and payload size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

from tfbatch_cdk.errors import require

if TYPE_CHECKING:
    from tfbatch_cdk.settings.job import DataProcessing

_KEYED = (
    *("application/json", "application/jsonlines", "application/jsons"),
    *("application/x-tfexample", "application/x-tfrecord", "application/x-recordio"),
)
"""Content types whose records have named fields."""
_SEPARATORS = {
    "application/x-tfrecord": "TFRecord",
    "application/x-recordio": "RecordIO",
    **dict.fromkeys(("text/csv", "text/plain"), "Line"),
    **dict.fromkeys(("application/jsonlines", "application/jsons"), "Line"),
}
"""What the handler separates the records of a whole object by."""
_LONGEST_CONTENT_TYPE = 256
"""Characters that CreateTransformJob admits."""
MAX_PAYLOAD_TIMES_CONCURRENCY_MB = 100
"""CreateTransformJob refuses more (MaxConcurrentTransforms x MaxPayloadInMB)."""

_PROCESSED = (
    ("text/csv", "Line", "text/csv"),
    ("application/jsonlines", "Line", "application/jsonlines"),
    ("application/json", "Line", "application/json"),
)
"""ContentType, SplitType and Accept that DataProcessing supports when outputs are lines."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Format:
    """How Batch Transform reads objects of one format and sends them to the container."""

    content_type: str
    """The ``Content-Type`` of every request; the handler picks its decoder by it."""

    split_type: Literal["None", "Line", "RecordIO", "TFRecord"] = "None"
    """What separates the records of an object; ``None``: an object is one record."""

    batch_strategy: Literal["SingleRecord", "MultiRecord"] = "SingleRecord"
    """One record per request, or as many as fit the payload."""

    max_payload_mb: int = 6
    """The largest request body, in MB; at least the largest record. A larger object fails."""

    max_concurrent_transforms: int = 16
    """Requests in flight on each instance. The TensorFlow Serving container doesn't answer
    ``/execution-parameters``, so without a value SageMaker sends one request at a time."""

    accept: str | None = None
    """The ``Accept`` of every request, for an answer of the handler that isn't JSON."""

    processing: DataProcessing | None = None
    """Filters, and joining of outputs to inputs: CSV, JSON and JSON Lines only."""

    keys: tuple[str, ...] = ()
    """Fields of a record that come back in its output line, error lines included: an id, for
    example. They are fields of JSON objects, columns of a CSV with a header, or features of
    tf.Examples, inputs of the model or not."""

    @property
    def sent_content_type(self) -> str:
        """``content_type`` with the keys, for the handler."""
        names = ",".join(quote(name, safe="") for name in self.keys)
        return f"{self.content_type}; keys={names}" if names else self.content_type

    @property
    def separator(self) -> str:
        """What separates the records of an object, for the handler if not for Batch Transform."""
        kind = self.content_type.partition(";")[0].strip().lower()
        return _SEPARATORS.get(kind, "None") if self.split_type == "None" else self.split_type

    @property
    def joins_rows(self) -> bool:
        """Whether an output line begins with its input, or with the keys' cells."""
        joined = self.processing is not None and self.processing.join_source == "Input"
        return joined or (bool(self.keys) and self.accept == "text/csv")

    def __post_init__(self) -> None:
        """Refuse values that CreateTransformJob refuses."""
        require(
            1 <= self.max_payload_mb <= MAX_PAYLOAD_TIMES_CONCURRENCY_MB,
            self,
            "max_payload_mb",
            "use 1 to 100 MB (0, chunked encoding, isn't served by TensorFlow Serving)",
        )
        concurrent = self.max_concurrent_transforms
        require(concurrent >= 1, self, "max_concurrent_transforms", "use 1 or more")
        product = concurrent * self.max_payload_mb
        require(
            product <= MAX_PAYLOAD_TIMES_CONCURRENCY_MB,
            self,
            "max_concurrent_transforms",
            f"times max_payload_mb = {self.max_payload_mb} is {product} MB, and SageMaker admits "
            f"{MAX_PAYLOAD_TIMES_CONCURRENCY_MB} MB: use at most "
            f"{MAX_PAYLOAD_TIMES_CONCURRENCY_MB // self.max_payload_mb}, or a smaller payload",
        )
        require(
            self.processing is None
            or (self.content_type, self.split_type, self.accept) in _PROCESSED,
            self,
            "processing",
            "it takes split_type 'Line', and content_type and accept that are both 'text/csv', "
            "'application/jsonlines' or 'application/json'",
        )
        self._check_keys()

    def _check_keys(self) -> None:
        kind, _, parameters = self.content_type.partition(";")
        named = kind.strip().lower() in _KEYED or "header=present" in parameters.replace(" ", "")
        require(
            not self.keys or named,
            self,
            "keys",
            f"records of {self.content_type} have no fields: use {', '.join(_KEYED)} or "
            "'text/csv; header=present'",
        )
        require(
            not self.keys or self.processing is None,
            self,
            "keys",
            "DataProcessing(join_source='Input') returns all fields: use one of the two",
        )
        require(
            all(self.keys) and len(self.sent_content_type) <= _LONGEST_CONTENT_TYPE,
            self,
            "keys",
            f"use names of at least one letter, which make a ContentType of at most "
            f"{_LONGEST_CONTENT_TYPE} characters",
        )
