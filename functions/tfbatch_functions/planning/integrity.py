"""Checks that the model artifact in S3 is the one that was synthesized.

Its SHA-256 is in the deployed workflow. Each version of the object is read once, and the work
bucket stores that it was right. See docs/decisions/0014-artifact-integrity.md.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Protocol

from tfbatch_functions.planning.refusals import ArtifactChanged
from tfbatch_functions.s3.location import Location

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tfbatch_functions.s3.storage import Found


class Store(Protocol):
    """The S3 operations that it needs."""

    def version(self, location: Location) -> str | None:
        """The id of this version of an object; ``None`` if it doesn't exist."""
        ...

    def head(self, location: Location) -> tuple[Found, Mapping[str, str]] | None:
        """An object; ``None`` if it doesn't exist."""
        ...

    def read(self, location: Location) -> Iterator[bytes]:
        """The bytes of an object."""
        ...

    def put(self, location: Location, body: bytes) -> None:
        """Write an object."""
        ...


def verify(artifact: Mapping[str, str], *, work: Location, store: Store) -> bool:
    """Compare an artifact with its expected digest.

    Args:
        artifact: its ``uri`` and the ``sha256`` of the synthesized file.
        work: a location in the bucket that stores which artifacts were right.
        store: S3.

    Returns:
        Whether it had to be read.

    Raises:
        ArtifactChanged: it is different or missing.
    """
    where, wanted = Location.parse(artifact["uri"]), artifact["sha256"]
    version = store.version(where)
    if version is None:
        raise ArtifactChanged(f"{artifact['uri']} is gone: deploy again (cdk deploy).")
    seen = Location(work.bucket, f"artifacts/{wanted}/{version}")
    if store.head(seen) is not None:
        return False
    digest = hashlib.sha256()
    for chunk in store.read(where):
        digest.update(chunk)
    found = digest.hexdigest()
    if found != wanted:
        raise ArtifactChanged(
            f"{artifact['uri']} is not what was deployed: its SHA-256 is {found}, and that of the "
            f"reviewed artifact {wanted}. No job was started. See who wrote it (CloudTrail, the "
            "bucket's versions), delete it, and deploy again."
        )
    store.put(seen, b"")
    return True
