"""Objects whose bodies end early, or arrive with another byte, are read to their true end."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import FlexibleChecksumError, IncompleteReadError
from botocore.response import StreamingBody

from tfbatch_functions.s3.location import Location
from tfbatch_functions.s3.storage import Storage

if TYPE_CHECKING:
    from collections.abc import Iterator

WHOLE = bytes(range(256)) * 4096  # four chunks
OBJECT = Location("bucket", "key")


class Torn:
    """An S3 whose next answers end after so many bytes; ``None`` for a whole one."""

    def __init__(self, *ends: int | None) -> None:
        self.ends = list(ends)
        self.asked: list[dict[str, Any]] = []

    def get_object(self, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401
        self.asked.append(arguments)
        first, _, last = arguments.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")
        body = WHOLE[int(first) : int(last) + 1 if last else None]
        sent = body[: self.ends.pop(0)]
        return {"ETag": '"one"', "Body": StreamingBody(io.BytesIO(sent), len(body))}


def _read(s3: Torn, **part: int) -> bytes:
    return b"".join(Storage(s3).read(OBJECT, **part))  # type: ignore[arg-type]


@pytest.mark.parametrize("ends", [(0, None), (10, None), (300_000, 1, None), (700_000, 99, None)])
def test_a_body_that_ends_early_is_continued(ends: tuple[int | None, ...]) -> None:
    s3 = Torn(*ends)
    assert _read(s3) == WHOLE
    assert all(asked.get("IfMatch") == '"one"' for asked in s3.asked[1:])  # not of a newer object


def test_a_part_that_ends_early_is_continued_to_its_own_end() -> None:
    assert _read(Torn(5, None), first=100, last=400_000) == WHOLE[100:400_001]


def test_a_body_that_always_ends_early_fails() -> None:
    with pytest.raises(IncompleteReadError):
        _read(Torn(10, 10, 10, 10))


class Wrong(Torn):
    """An S3 whose next answers have a wrong checksum, as boto3 finds at the end of the body."""

    def get_object(self, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401
        is_wrong = self.ends[0] is not None
        length = self.ends[0]
        answer = super().get_object(**arguments)
        return answer | {"Body": _Wrong(length or 0)} if is_wrong else answer


class _Wrong:
    def __init__(self, length: int) -> None:
        self.length = length

    def iter_chunks(self, size: int) -> Iterator[bytes]:
        for _ in range(0, self.length, size):
            yield b"x" * size
        raise FlexibleChecksumError(error_msg="Expected checksum a did not match b")

    def close(self) -> None:
        pass


def test_a_body_with_a_wrong_byte_is_read_again_if_nothing_was_handed_on() -> None:
    assert _read(Wrong(100, None)) == WHOLE


def test_a_large_body_with_a_wrong_byte_fails() -> None:
    with pytest.raises(FlexibleChecksumError):
        _read(Wrong(1_000_000, None))
