"""Detects the format of a run's input from a sample of its objects."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from tfbatch.run.file_types import HEAD_BYTES, Kind, format_for, kind_of
from tfbatch.terminal.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mypy_boto3_s3 import S3Client

    from tfbatch.run.sources import File

_SAMPLES = 12
_MANIFEST_BYTES = 64 * 1024
Sample = tuple[str, bytes]
"""An object's name and first bytes."""


def of_files(files: Sequence[File]) -> Iterator[Sample]:
    """Sample files from all over a source."""
    for file in files[:: max(len(files) // _SAMPLES, 1)][:_SAMPLES]:
        with file.path.open("rb") as opened:
            yield file.name, opened.read(HEAD_BYTES)


def of_objects(s3: S3Client, uri: str) -> Iterator[Sample]:
    """Sample objects of a folder's first page, or the first ones of a manifest.

    Raises:
        Problem: there are none.
    """
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if uri.endswith(".manifest"):
        bucket, keys = _named(s3, bucket, key)
    else:
        prefix = key if not key or key.endswith("/") else f"{key}/"
        page = s3.list_objects_v2(Bucket=bucket, Prefix=prefix)
        keys = [one["Key"] for one in page.get("Contents", []) if one["Size"]]
    if not keys:
        raise Problem(f"INPUT = {uri}: nothing lies there; upload it, or correct the folder.")
    for one in keys[:: max(len(keys) // _SAMPLES, 1)][:_SAMPLES]:
        body = s3.get_object(Bucket=bucket, Key=one, Range=f"bytes=0-{HEAD_BYTES - 1}")["Body"]
        yield one, body.read()


@dataclass(frozen=True, kw_only=True, slots=True)
class Guess:
    """The detected format."""

    format: str
    """Name of the format in the stage."""
    odd: tuple[str, ...]
    """Sampled objects that don't seem to fit."""


def guess(
    samples: Iterable[Sample], formats: Mapping[str, Mapping[str, Any]], *, stage: str
) -> Guess:
    """Find the one format that reads the samples. Less than half may be of unknown type.

    Args:
        samples: objects of the input.
        formats: the stage's formats, name -> parameters.
        stage: its name.

    Raises:
        Problem: they have several types, no known type, or no format.
    """
    kinds: list[Kind] = []
    odd: list[str] = []
    for name, head in samples:
        kind = kind_of(name, head)
        if kind:
            kinds.append(kind)
        else:
            odd.append(name)
    if len(odd) >= len(kinds):
        raise Problem(f"{odd[0]} is of no known kind: say what reads it, {_choice(formats)}.")
    chosen = {format_for(kind, formats) for kind in kinds}
    told = ", ".join(f"{count} {name}" for name, count in Counter(k.name for k in kinds).items())
    if len(chosen) > 1:
        raise Problem(
            f"INPUT holds several kinds ({told} among those looked at): separate them, or say "
            f"what reads all of them, {_choice(formats)}."
        )
    (found,) = chosen
    if found is None:
        raise Problem(
            f"INPUT holds {kinds[0].name}, which no format of stage {stage} reads: add one to "
            f"stacks/stages.py and deploy, or say what reads it, {_choice(formats)}."
        )
    return Guess(format=found, odd=tuple(odd))


def _choice(formats: Iterable[str]) -> str:
    return f"--format {' or '.join(formats)}"


def _named(s3: S3Client, bucket: str, key: str) -> tuple[str, list[str]]:
    """The first keys of a manifest, which may have a gigabyte, and their bucket."""
    read = s3.get_object(Bucket=bucket, Key=key, Range=f"bytes=0-{_MANIFEST_BYTES - 1}")["Body"]
    text = read.read().decode("utf-8", "replace")
    try:
        elements = list(islice(_elements(text), _SAMPLES + 1))
        prefix = elements[0]["prefix"]
    except (ValueError, LookupError, TypeError):
        raise Problem(
            f's3://{bucket}/{key} is no manifest: write [{{"prefix": "s3://bucket/folder/"}}, '
            '"name", …].'
        ) from None
    where, _, start = prefix.removeprefix("s3://").partition("/")
    return where, [start + name for name in elements[1:]]


def _elements(text: str) -> Iterator[Any]:
    """The elements of a JSON array that may be truncated."""
    decoder, at = json.JSONDecoder(), text.index("[") + 1
    while at < len(text) and text[at] != "]":
        if text[at] in ", \t\r\n":
            at += 1
            continue
        try:
            value, at = decoder.raw_decode(text, at)
        except ValueError:
            return
        yield value
