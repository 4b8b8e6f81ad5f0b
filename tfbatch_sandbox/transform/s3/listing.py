"""Lists the objects of a job and finds the key of each output."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from tfbatch_sandbox.transform.failure import JobFailure
from tfbatch_sandbox.transform.s3.location import Location

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tfbatch_sandbox.transform.job import Job
    from tfbatch_sandbox.transform.s3.store import Store, StoredObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One input object and the location of its output."""

    source: Location
    size: int
    """Bytes of the input object in S3."""
    target: Location


def list_work(job: Job, store: Store) -> list[Work]:
    """Every input object of the job, by key.

    Raises:
        JobFailure: there is none, or the manifest can't be read.
    """
    listing = _manifest if job.input.data_type == "ManifestFile" else _prefix
    try:
        work = [
            Work(
                source=found.location,
                size=found.size,
                target=_target(job.output.location, relative),
            )
            for found, relative in listing(job.input.location, store)
        ]
    except ClientError as error:
        raise JobFailure(f"ClientError: Data download failed: {error}") from error
    if not work:
        raise JobFailure(
            f'ClientError: No S3 objects found under S3 URL "{job.input.location.uri}" given in '
            "input data source. Please ensure that the bucket exists in the selected region, "
            "that objects exist under that S3 prefix, and that the role has "
            f'"s3:ListBucket" permissions on bucket "{job.input.location.bucket}".'
        )
    return work


def partition(work: Sequence[Work], instances: int) -> list[list[Work]]:
    """Distribute objects among instances by key. An instance may get none.

    AWS doesn't document how; here it is round robin.
    """
    ordered = sorted(work, key=lambda item: (item.source.bucket, item.source.key))
    return [list(ordered[index::instances]) for index in range(instances)]


def _prefix(prefix: Location, store: Store) -> Iterator[tuple[StoredObject, str]]:
    """A string prefix, not a folder: ``in`` also matches ``in_other/x``."""
    for found in store.list(prefix):
        if found.size or not found.location.key.endswith("/"):  # a console's "folder" has no data
            yield found, _relative(found.location.key, prefix.key)


def _relative(key: str, prefix: str) -> str:
    """The part of the key that follows the folder of the prefix."""
    rest = key.removeprefix(prefix)
    if rest and (not prefix or prefix.endswith("/") or rest.startswith("/")):
        return rest.lstrip("/") or rest
    return key[prefix.rfind("/") + 1 :]


def _target(output: Location, relative: str) -> Location:
    folder = output.key.rstrip("/")
    return Location(output.bucket, f"{folder}/{relative}.out" if folder else f"{relative}.out")


def _manifest(location: Location, store: Store) -> Iterator[tuple[StoredObject, str]]:
    text = b"".join(store.read(location))
    try:
        document = json.loads(text)
        prefix = Location.parse(document[0]["prefix"])
        names = [name for name in document[1:] if _is_name(name)]
    except (ValueError, TypeError, LookupError) as error:
        raise JobFailure(
            f"ClientError: Manifest file {location.uri} is not of the form "
            f'[{{"prefix": "s3://bucket/some/prefix/"}}, "relative/key", ...]: {error}'
        ) from error
    for name in names:
        yield store.head(Location(prefix.bucket, prefix.key + name)), name


def _is_name(name: object) -> bool:
    if not isinstance(name, str):
        raise TypeError(f"{name!r} is not a string")
    return True
