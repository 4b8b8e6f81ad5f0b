"""Runs ``assets.extra/tf_serving_warmup_requests`` before a version is available.

Source: TensorFlow Serving's SavedModel warm-up guide and ``saved_model_warmup_util.cc``.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any, Final

from tfbatch_sandbox.model_server import examples
from tfbatch_sandbox.model_server.grpc_api import serialized
from tfbatch_sandbox.model_server.tensorflow import messages
from tfbatch_sandbox.model_server.tensorflow.status import (
    Code,
    StatusError,
    invalid_argument,
)
from tfbatch_sandbox.transform.failure import ObjectFailure
from tfbatch_sandbox.transform.records.splitting import LARGEST_RECORD, SPLITTERS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tfbatch_sandbox.model_server.tensorflow.servable import Servable

_log = logging.getLogger("tfbatch_sandbox.model_server")
_MAX_RECORDS: Final = 1000
_CHUNK_BYTES: Final = 1 << 20


def warm_up(servable: Servable, path: Path) -> int:
    """Run every request of the version's warm-up file, if it has one.

    Returns:
        The number of requests.

    Raises:
        StatusError: the file can't be read or a request fails; the version doesn't become
            available.
    """
    file = path / "assets.extra" / "tf_serving_warmup_requests"
    if not file.exists():
        _log.info("No warmup data file found at %s", file)
        return 0
    begun, count = time.monotonic(), 0
    for count, record in enumerate(_records(file), 1):
        if count > _MAX_RECORDS:
            raise invalid_argument(
                f"Number of warmup records exceeds the maximum ({_MAX_RECORDS}) at {file}"
            )
        _replay(servable, record, file)
    _log.info(
        "Finished reading warmup data for model at %s. Number of warmup records read: %d. "
        "Elapsed time (microseconds): %d.",
        *(file, count, (time.monotonic() - begun) * 1e6),
    )
    return count


def _records(file: Path) -> Iterator[bytes]:
    with file.open("rb") as stream:
        try:
            chunks = iter(lambda: stream.read(_CHUNK_BYTES), b"")
            for record in SPLITTERS["TFRecord"](chunks, LARGEST_RECORD):
                yield record.bare
        except ObjectFailure as torn:
            raise StatusError(Code.DATA_LOSS, f"{file}: {torn}") from torn


def _replay(servable: Servable, record: bytes, file: Path) -> None:
    from google.protobuf.message import (  # type: ignore[import-untyped] # noqa: PLC0415
        DecodeError,
    )
    from tensorflow_serving.apis.prediction_log_pb2 import (  # type: ignore[import-untyped] # noqa: PLC0415
        PredictionLog,
    )

    try:
        log = PredictionLog.FromString(record)
    except DecodeError as error:
        raise invalid_argument(f"Failed to parse warmup record from {file}") from error
    kind = log.WhichOneof("log_type")
    if kind == "predict_log":
        request = log.predict_log.request
        signature = servable.signature(request.model_spec.signature_name)
        servable.run(signature, messages.read_inputs(request.inputs, signature))
    elif kind in {"classify_log", "regress_log"}:
        _replay_examples(servable, getattr(log, kind).request, kind.removesuffix("_log"))
    elif kind is not None:
        raise StatusError(Code.UNIMPLEMENTED, f"Unsupported log_type for warmup: {kind}")


def _replay_examples(servable: Servable, request: Any, method: str) -> None:  # noqa: ANN401
    signature = examples.METHODS[method].check(servable, request.model_spec.signature_name)
    servable.run(signature, {"inputs": examples.as_strings(serialized(request.input))})
