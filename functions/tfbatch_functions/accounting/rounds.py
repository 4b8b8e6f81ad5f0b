"""The result of each round of a shard, and its place in the work bucket.

``reconcile/<shard>/<round>/`` holds the result of a round in segments, one for each call of the
function. The files of a shard are the segments of all its rounds, concatenated. A call writes only
its own segment, so it can be repeated.
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
    """The folders of a shard."""

    work: Location
    shard: str

    def folder(self, number: int) -> Location:
        """The folder of a round."""
        return self.work / f"reconcile/{self.shard}/{number:02}/"

    def segment(self, number: int, segment: int, kind: str) -> Location:
        """The segment that one call of a round writes."""
        return self.folder(number) / f"{segment:04}.{kind}.jsonl"

    def missing(self, number: int) -> Location:
        """The manifest of a round's inputs without an output."""
        return self.folder(number) / "missing.manifest"

    def result(self, number: int) -> Location:
        """The result of a round."""
        return self.folder(number) / "result.json"

    def before(self, storage: Storage, number: int) -> dict[str, Any]:
        """The result of the previous round, or an empty one."""
        if number == 1:
            return {"outputs": 0, "records": 0, "recordErrors": 0, "jobs": [], "segments": []}
        found: dict[str, Any] = read_json(storage, self.result(number - 1))
        return found

    def put_together(self, storage: Storage, kind: str, segments: Mapping[int, int]) -> None:
        """Concatenate the segments of all rounds into the shard's file.

        Args:
            storage: S3.
            kind: ``predictions`` or ``exceptions``.
            segments: number of segments of each round.
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
