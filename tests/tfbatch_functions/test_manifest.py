from __future__ import annotations

import json
import tracemalloc
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from tfbatch_functions.planning.listing import distinct
from tfbatch_functions.s3.location import Location
from tfbatch_functions.s3.manifest import Manifest, read_manifest

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = Location("bucket", "photos/")
_KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


@given(st.lists(_KEYS, max_size=20), st.integers(1, 50), st.booleans())
def test_any_names_are_read_as_they_were_written_however_they_arrive(
    names: list[str],
    step: int,
    is_ours: bool,  # noqa: FBT001
) -> None:
    manifest = Manifest()
    for name in names:
        manifest.add(name)
    theirs = json.dumps([{"prefix": PREFIX.uri}, *names], ensure_ascii=False, indent=2).encode()
    body = manifest.body(PREFIX) if is_ours else theirs
    chunks = (body[at : at + step] for at in range(0, len(body), step))
    prefix, read = read_manifest(chunks)
    assert (prefix, list(read)) == (PREFIX, names)


@given(st.lists(_KEYS, max_size=20))
def test_ours_is_json_that_anything_can_read(names: list[str]) -> None:
    manifest = Manifest()
    for name in names:
        manifest.add(name)
    body = manifest.body(PREFIX)
    assert body.isascii()
    assert json.loads(body) == [{"prefix": PREFIX.uri}, *names]


def test_a_manifest_of_megabytes_takes_no_memory() -> None:
    def chunks() -> Iterator[bytes]:
        yield b'[{"prefix": "s3://bucket/photos/"}'
        for number in range(200):
            yield b"".join(b', "%08d-%b"' % (number, b"x" * 100) for _ in range(100))
        yield b"]"

    tracemalloc.start()
    count = sum(1 for _ in read_manifest(chunks())[1])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 20_000
    assert peak < 500_000


def test_names_that_come_twice_are_found_without_keeping_the_names() -> None:
    names = [f"{'-' * 1000}{number:08}.jpg" for number in range(5_000)]

    tracemalloc.start()
    count = sum(1 for _ in distinct(f"{name[:-4]}.jpg" for name in [*names, *names]))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == len(names)
    assert peak < len(names) * 200
