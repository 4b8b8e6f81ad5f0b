"""The result of each round of a shard, and its place in the work bucket.

``reconcile/<shard>/<round>/`` holds what a round found, in segments, one for each call of the
function; the shard's files are the segments of all its rounds, one after the other. A call writes
only its own segment, so that it may be made twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tfbatch_functions.s3.storage import read_json
from tfbatch_functions.s3.upload import Piece, concatenate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tfbatch_functions.s3.location import Location
    from tfbatch_functions.s3.storage import Storage

PREDICTIONS: Final = "predictions"
EXCEPTIONS: Final = "exceptions"
MISSING: Final = "missing"
KINDS: Final = (PREDICTIONS, EXCEPTIONS, MISSING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounds:
    """A shard's folders."""

    work: Location
    shard: str

    def folder(self, number: int) -> Location:
        """Of a round."""
        return self.work / f"reconcile/{self.shard}/{number:02}/"

    def segment(self, number: int, segment: int, kind: str) -> Location:
        """One call's part of a round."""
        return self.folder(number) / f"{segment:04}.{kind}.jsonl"

    def missing(self, number: int) -> Location:
        """The manifest of what a round left without an output."""
        return self.folder(number) / "missing.manifest"

    def result(self, number: int) -> Location:
        """What a round came to."""
        return self.folder(number) / "result.json"

    def before(self, storage: Storage, number: int) -> dict[str, Any]:
        """The result of the round before; of nothing, before the first."""
        if number == 1:
            return {"outputs": 0, "records": 0, "recordErrors": 0, "jobs": [], "segments": []}
        found: dict[str, Any] = read_json(storage, self.result(number - 1))
        return found

    def put_together(self, storage: Storage, kind: str, segments: Mapping[int, int]) -> None:
        """The shard's file of a kind, of the segments of all rounds.

        Args:
            storage: S3.
            kind: ``predictions`` or ``exceptions``.
            segments: how many of them each round has.
        """
        pieces = self._pieces(storage, kind, segments)
        concatenate(storage, pieces, self.work / f"{kind}/{self.shard}.jsonl")

    def _pieces(self, storage: Storage, kind: str, segments: Mapping[int, int]) -> Iterator[Piece]:
        for number, count in segments.items():
            for segment in range(count):
                location = self.segment(number, segment, kind)
                found = storage.head(location)
                if found is None:
                    raise FileNotFoundError(f"{location.uri}, which an earlier call wrote, is gone")
                yield Piece(location, found[0].size)
