"""Reads the predictions of the demo's jobs and checks them.

A job writes one object for each input object, named with ``.out`` appended, with a line for each
record. AWS's documentation disagrees about its folder, so it is found by the end of its key.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tfbatch.demo.errors import DemoError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mypy_boto3_s3 import S3Client

    from tfbatch.demo.photos import Photos

_CATS = range(281, 286)  # tabby, tiger cat, Persian, Siamese, Egyptian: the house cats
_PROBABILITY_TOLERANCE = 1e-3


@dataclass(frozen=True, kw_only=True, slots=True)
class Prediction:
    """The likeliest class of a photograph."""

    number: int
    """ImageNet's class number."""
    label: str
    probability: float

    @property
    def is_cat(self) -> bool:
        """Whether the class is a house cat of ImageNet."""
        return self.number in _CATS

    def agrees_with(self, other: Prediction) -> bool:
        """Whether both agree. Batches of other sizes round differently."""
        return self.number == other.number and math.isclose(
            self.probability, other.probability, abs_tol=_PROBABILITY_TOLERANCE
        )


def download(s3: S3Client, uri: str, directory: Path) -> Mapping[str, list[str]]:
    """Copy a job's outputs to ``directory``, without subfolders.

    Args:
        s3: S3 client.
        uri: ``s3://bucket/prefix/`` of the job's outputs.
        directory: created if missing. Files of the same names are replaced.

    Returns:
        Name of the input object -> lines of its output.
    """
    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    directory.mkdir(parents=True, exist_ok=True)
    outputs = {}
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for item in page.get("Contents", []):
            name = item["Key"].rpartition("/")[2]
            if name.endswith(".out"):
                body = s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()
                (directory / name).write_bytes(body)
                outputs[name.removesuffix(".out")] = body.decode().splitlines()
    return outputs


def of_jpegs(photos: Photos, outputs: Mapping[str, list[str]]) -> dict[str, Prediction]:
    """Return photograph -> prediction of the run over JPEG objects.

    Raises:
        DemoError: an output is missing, has another number of lines, or has no prediction.
    """
    return _paired({name: (name,) for name in photos.jpegs}, outputs)


def of_tfrecords(photos: Photos, outputs: Mapping[str, list[str]]) -> dict[str, Prediction]:
    """Return photograph -> prediction of the run over TFRecord files; as :func:`of_jpegs`."""
    return _paired(photos.tfrecords, outputs)


def _paired(
    inputs: Mapping[str, tuple[str, ...]], outputs: Mapping[str, list[str]]
) -> dict[str, Prediction]:
    predictions: dict[str, Prediction] = {}
    for name, records in inputs.items():
        lines = outputs.get(name)
        if lines is None:
            raise DemoError(f"{name} has no output: the job wrote {', '.join(outputs) or 'none'}")
        if len(lines) != len(records):
            raise DemoError(f"{name} holds {len(records)} records, its output {len(lines)} lines")
        predictions.update(zip(records, map(_prediction, records, lines), strict=True))
    return predictions


def _prediction(photo: str, line: str) -> Prediction:
    """Parse a line that the handler writes with ``Model.output = "top_k"``."""
    try:
        best: dict[str, Any] = json.loads(line)["top_k"][0]
        return Prediction(
            number=best["class"], label=best["label"], probability=best["probability"]
        )
    except (ValueError, LookupError, TypeError):
        raise DemoError(f"{photo} got no prediction with a label but {line[:300]}") from None
