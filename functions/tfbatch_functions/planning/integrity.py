"""Checks that the model artifact in S3 is the one that was synthesized.

The digest of its members' names and contents is in the deployed workflow. Each version of the
object is read once, and the work bucket stores that it was right. See
docs/decisions/0014-artifact-integrity.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from tfbatch_functions.planning import tarball
from tfbatch_functions.planning.refusals import ArtifactChanged
from tfbatch_functions.s3.location import Location

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

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
        artifact: its ``uri`` and the ``digest`` of its members.
        work: a location in the bucket that stores which artifacts were right.
        store: S3.

    Returns:
        Whether it had to be read.

    Raises:
        ArtifactChanged: it is different or missing.
    """
    where, wanted = Location.parse(artifact["uri"]), artifact["digest"]
    version = store.version(where)
    if version is None:
        raise ArtifactChanged(f"{artifact['uri']} is gone: deploy again (cdk deploy).")
    seen = Location(work.bucket, f"artifacts/{wanted}/{version}")
    if store.head(seen) is not None:
        return False
    if problem := _problem(store.read(where), wanted):
        raise ArtifactChanged(
            f"{artifact['uri']} is not what was deployed: {problem}. No job was started. See who "
            "wrote it (CloudTrail, the bucket's versions), delete it, and deploy again."
        )
    store.put(seen, b"")
    return True


def _problem(chunks: Iterable[bytes], wanted: str) -> str:
    """What is wrong with an archive; empty if it is the reviewed one."""
    try:
        found = tarball.digest(chunks)
    except tarball.ForeignArchiveError as error:
        return str(error)
    if found == wanted:
        return ""
    return f"the digest of its members is {found}, and that of the reviewed artifact {wanted}"
