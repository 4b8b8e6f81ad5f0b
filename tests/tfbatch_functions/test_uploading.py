from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tfbatch_functions.s3.location import Location
from tfbatch_functions.s3.storage import Storage
from tfbatch_functions.s3.upload import SMALLEST_PART, Piece, Upload, concatenate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.tfbatch_functions.conftest import World

MEBIBYTE = 1024 * 1024


def _bytes(size: int, seed: int = 0) -> bytes:
    return random.Random(seed).randbytes(size)  # noqa: S311


def _uploads(world: World) -> list[str]:
    found = world.s3.list_multipart_uploads(Bucket=world.output)
    return [upload["Key"] for upload in found.get("Uploads", ())]


@pytest.mark.parametrize(
    "sizes",
    [
        [],
        [0],
        [3, 0, 4],
        [SMALLEST_PART],
        [SMALLEST_PART - 1, 1, 1],
        [100, 2 * SMALLEST_PART, 100, SMALLEST_PART + 1, 7],
        [SMALLEST_PART - 1, SMALLEST_PART - 1, SMALLEST_PART - 1, 0],
    ],
)
def test_objects_of_any_sizes_become_one(world: World, sizes: Sequence[int]) -> None:
    bodies = [_bytes(size, seed) for seed, size in enumerate(sizes)]
    pieces = [Piece(Location(world.work, f"ä +%/{n}"), size) for n, size in enumerate(sizes)]
    for piece, body in zip(pieces, bodies, strict=True):
        world.s3.put_object(Bucket=world.work, Key=piece.location.key, Body=body)
    concatenate(Storage(world.s3), pieces, Location(world.output, "ö +%/all"))
    assert world.read(f"s3://{world.output}/ö +%/all") == b"".join(bodies)
    assert _uploads(world) == []


def test_what_grows_is_sent_in_parts(world: World) -> None:
    body = _bytes(20 * MEBIBYTE)
    with Upload(Storage(world.s3), Location(world.output, "grown")) as upload:
        for at in range(0, len(body), 100_000):
            upload.write(body[at : at + 100_000])
    assert world.read(f"s3://{world.output}/grown") == body


class _BrokenError(Exception):
    pass


@pytest.mark.parametrize("size", [10, 20 * MEBIBYTE])
def test_an_upload_that_is_broken_off_leaves_nothing_behind(world: World, size: int) -> None:
    def break_off() -> None:
        with Upload(Storage(world.s3), Location(world.output, "broken")) as upload:
            upload.write(bytes(size))
            raise _BrokenError

    with pytest.raises(_BrokenError):
        break_off()
    assert world.keys(world.output) == []
    assert _uploads(world) == []


def test_an_upload_whose_part_is_refused_leaves_nothing_behind(world: World) -> None:
    gone = Piece(Location(world.work, "gone"), 2 * SMALLEST_PART)
    with pytest.raises(world.s3.exceptions.ClientError):
        concatenate(Storage(world.s3), [gone], Location(world.output, "broken"))
    assert world.keys(world.output) == []
    assert _uploads(world) == []
