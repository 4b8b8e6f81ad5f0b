"""Divides the inputs into shards and writes a manifest for each."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Final

from tfbatch_functions.s3.manifest import Manifest
from tfbatch_functions.s3.storage import read_json

if TYPE_CHECKING:
    from tfbatch_functions.s3.location import Location
    from tfbatch_functions.s3.storage import Found, Lister

_MANIFEST_BYTES: Final = 32 * 1024 * 1024
"""Bytes of a shard's names, which bounds the memory for keys of a kilobyte too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of a shard. An object larger than ``bytes`` gets a shard of its own."""

    objects: int
    bytes: int


@dataclass(slots=True)
class Open:
    """The shard that is being filled."""

    manifest: Manifest = field(default_factory=Manifest)
    bytes: int = 0

    def has_room(self, size: int, limits: Limits) -> bool:
        """Whether one more object fits."""
        return not self.manifest.count or (
            self.manifest.count < limits.objects
            and self.bytes + size <= limits.bytes
            and len(self.manifest) < _MANIFEST_BYTES
        )


@dataclass(frozen=True, slots=True)
class Shard:
    """A shard that is full and written."""

    objects: int
    bytes: int


@dataclass(slots=True)
class Totals:
    """Totals over all objects."""

    objects: int = 0
    bytes: int = 0
    largest_bytes: int = -1
    largest_key: str = ""
    samples: list[tuple[str, int]] = field(default_factory=list)
    """Name and size of the 1st, 2nd, 4th, 8th, ... object."""

    def add(self, found: Found) -> None:
        """Add one object."""
        self.objects += 1
        self.bytes += found.size
        if found.size > self.largest_bytes:
            self.largest_bytes, self.largest_key = found.size, found.key
        if not self.objects & (self.objects - 1):
            self.samples.append((found.key, found.size))


class Sharding:
    """Fills and writes one shard after the other, in the order of the inputs.

    Args:
        prefix: prefix of the inputs.
        folder: where ``00000.manifest`` and the others are written.
        limits: limits of a shard.
        storage: S3.
    """

    def __init__(
        self, *, prefix: Location, folder: Location, limits: Limits, storage: Lister
    ) -> None:
        self.totals = Totals()
        self.shards: list[Shard] = []
        self._open = Open()
        self._prefix = prefix
        self._folder = folder
        self._limits = limits
        self._storage = storage

    def add(self, objects: list[Found]) -> None:
        """Add the next objects."""
        for found in objects:
            if not self._open.has_room(found.size, self._limits):
                self._close()
            self._open.manifest.add(found.key)
            self._open.bytes += found.size
            self.totals.add(found)

    def finish(self) -> None:
        """Write the last shard."""
        if self._open.manifest.count:
            self._close()

    def manifest(self, number: int) -> Location:
        """The location of a shard's manifest."""
        return self._folder / f"{name(number)}.manifest"

    def _close(self) -> None:
        body = self._open.manifest.body(self._prefix)
        self._storage.put(self.manifest(len(self.shards)), body)
        self.shards.append(Shard(self._open.manifest.count, self._open.bytes))
        self._open = Open()

    def save(self, place: Location) -> None:
        """Return the state, for the next call."""
        self._storage.put(place / ".names", self._open.manifest.text)
        saved = {
            "totals": asdict(self.totals),
            "shards": [(shard.objects, shard.bytes) for shard in self.shards],
            "open": {"objects": self._open.manifest.count, "bytes": self._open.bytes},
        }
        self._storage.put(place / ".json", json.dumps(saved).encode())

    def restore(self, place: Location) -> None:
        """Restore the state of the previous call."""
        saved = read_json(self._storage, place / ".json")
        text = b"".join(self._storage.read(place / ".names"))
        self.totals = Totals(**saved["totals"])
        self.shards = [Shard(*shard) for shard in saved["shards"]]
        self._open = Open(Manifest(text, saved["open"]["objects"]), saved["open"]["bytes"])


def name(number: int) -> str:
    """The name of a shard: ``00000``, ``00001``, ..."""
    return f"{number:05}"
