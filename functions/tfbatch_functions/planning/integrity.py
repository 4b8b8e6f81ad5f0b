"""Checks that the model artifact in S3 is the one that was synthesized.

Its SHA-256 is part of the deployed workflow. An artifact is read whole once: that a version of it
is good is remembered in the work bucket. Why here: docs/decisions/0014-artifact-integrity.md.
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
    """What is needed of S3."""

    def version(self, location: Location) -> str | None:
        """What tells this content of an object from every other it had; ``None`` without it."""
        ...

    def head(self, location: Location) -> tuple[Found, Mapping[str, str]] | None:
        """An object; ``None`` when it isn't there."""
        ...

    def read(self, location: Location) -> Iterator[bytes]:
        """An object's bytes."""
        ...

    def put(self, location: Location, body: bytes) -> None:
        """Write a whole object."""
        ...


def verify(artifact: Mapping[str, str], *, work: Location, store: Store) -> bool:
    """Hold an artifact against what is known of it.

    Args:
        artifact: its ``uri``, and the ``sha256`` of what was synthesized.
        work: any place in the bucket where it is remembered that it was good.
        store: S3.

    Returns:
        Whether it had to be read.

    Raises:
        ArtifactChanged: it is another one, or gone.
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
