"""DataCapture: writes manifests of a job's inputs and outputs.

Source: "Capture data from batch transform job", SageMaker developer guide.
"""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING

from tfbatch_sandbox.transform.s3.location import Location

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tfbatch_sandbox.transform.job import Capture
    from tfbatch_sandbox.transform.s3.listing import Work
    from tfbatch_sandbox.transform.s3.store import Store


def write_manifests(
    capture: Capture, work: Sequence[Work], store: Store, *, started: datetime
) -> None:
    """Write ``input/`` and ``output/`` ``yyyy/mm/dd/hh/<id>.json`` below the destination.

    Args:
        capture: destination and encryption key.
        work: all objects of the job, transformed.
        store: S3.
        started: when the job started, UTC.
    """
    name = f"{started:%Y/%m/%d/%H}/{uuid.uuid4()}.json"
    sides = {"input": [item.source for item in work], "output": [item.target for item in work]}
    for side, locations in sides.items():
        folder = capture.destination.key.rstrip("/")
        key = "/".join(part for part in (folder, side, name) if part)
        target = Location(capture.destination.bucket, key)
        store.put(target, manifest_of(locations), capture.kms_key_id)


def manifest_of(locations: Sequence[Location]) -> bytes:
    """A manifest: the common folder, then each object below it."""
    keys = [location.key for location in locations]
    folder = _common_folder(keys)
    prefix = {"prefix": Location(locations[0].bucket, folder).uri}
    return json.dumps([prefix, *(key.removeprefix(folder) for key in keys)], indent=4).encode()


def _common_folder(keys: Sequence[str]) -> str:
    first, last = min(keys), max(keys)
    same = next(
        (
            index
            for index, (one, other) in enumerate(zip(first, last, strict=False))
            if one != other
        ),
        min(len(first), len(last)),
    )
    return first[: first.rfind("/", 0, same) + 1]
