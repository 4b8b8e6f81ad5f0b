"""Detects the format of a run's input from a sample of its objects."""

from __future__ import annotations

import csv
import json
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from tfbatch.run.file_types import HEAD_BYTES, KINDS, Kind, formats_for, kind_of
from tfbatch.terminal.problem import Problem
from tfbatch_handler.fitting.number_text import parse

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
    known: list[str] = []
    odd: list[str] = []
    heads: list[bytes] = []
    for name, head in samples:
        kind = kind_of(name, head)
        if kind:
            heads.append(head)
            kinds.append(kind)
            known.append(name)
        else:
            odd.append(name)
    _refuse_odd(odd, kinds, formats)
    readers = [formats_for(kind, formats) for kind in kinds]
    if any(readers):  # a note among photos is odd, too
        odd += [name for name, found in zip(known, readers, strict=True) if not found]
        kinds = [kind for kind, found in zip(kinds, readers, strict=True) if found]
        readers = [found for found in readers if found]
        _refuse_odd(odd, kinds, formats)
    told = ", ".join(f"{count} {name}" for name, count in Counter(k.name for k in kinds).items())
    # One format may read several kinds: image/jpeg reads PNG.
    shared = [name for name in readers[0] if all(name in found for found in readers)]
    if readers[0] and not shared:
        raise Problem(
            f"INPUT holds several kinds ({told} among those looked at): separate them, or say "
            f"what reads all of them, {_choice(formats)}."
        )
    if not shared:
        raise Problem(
            f"INPUT holds {kinds[0].name}, which no format of stage {stage} reads: add one to "
            f"stacks/stages.py and deploy, or say what reads it, {_choice(formats)}."
        )
    fitting = _by_header(shared, formats, heads)
    return Guess(format=_best(fitting, readers), odd=tuple(odd))


def _by_header(
    shared: Sequence[str], formats: Mapping[str, Mapping[str, Any]], heads: Sequence[bytes]
) -> Sequence[str]:
    """Of formats for CSV with and without a header, those that the files are written in."""
    types = {name: str(formats[name]["contentType"]).partition(";") for name in shared}
    named = {
        name: "header=present" in parameters
        for name, (kind, _, parameters) in types.items()
        if kind.strip() == "text/csv"
    }
    if set(named.values()) != {True, False}:
        return shared
    has_header = all(map(_begins_with_header, heads))
    return [name for name in shared if named.get(name, has_header) == has_header]


def _begins_with_header(head: bytes) -> bool:
    """Whether the first row has no number, and the second one, if there is one, has some."""
    rows = list(islice(csv.reader(head.decode("utf-8-sig", "replace").splitlines()), 2))
    numbers = [any(map(_is_number, row)) for row in rows]
    return numbers in ([False], [False, True])


def _is_number(cell: str) -> bool:
    try:
        parse(cell, is_whole=False)
    except ValueError:
        return False
    return True


def _refuse_odd(odd: Sequence[str], kinds: Sequence[Kind], formats: Iterable[str]) -> None:
    if len(odd) >= len(kinds):
        raise Problem(f"{odd[0]} is of no known kind: say what reads it, {_choice(formats)}.")


def _best(shared: Sequence[str], readers: Sequence[Sequence[str]]) -> str:
    """The format that is the best one for most samples."""
    return max(shared, key=lambda name: sum(found[0] == name for found in readers))


def unread(files: Iterable[File], content_type: str) -> list[File]:
    """Files that a format doesn't read, neither by their bytes nor by their names."""
    formats = {"": {"contentType": content_type}}
    suffixes = tuple(
        suffix for kind in KINDS if formats_for(kind, formats) for suffix in kind.suffixes
    )
    return [
        file
        for file in files
        if not file.name.lower().endswith(suffixes) and not _is_read(file, formats)
    ]


def _is_read(file: File, formats: Mapping[str, Mapping[str, Any]]) -> bool:
    with file.path.open("rb") as opened:
        kind = kind_of(file.name, opened.read(HEAD_BYTES))
    return kind is not None and bool(formats_for(kind, formats))


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
