"""Parses S3 URIs. Keys are used unchanged, without quoting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

_SCHEME = "s3://"


@dataclass(frozen=True, slots=True)
class Location:
    """A bucket and a key, or a prefix of keys."""

    bucket: str
    key: str

    @classmethod
    def parse(cls, uri: str) -> Self:
        """Parse ``s3://bucket/key``.

        Raises:
            ValueError: it isn't an S3 URI.
        """
        bucket, slash, key = uri.removeprefix(_SCHEME).partition("/")
        if not (uri.startswith(_SCHEME) and bucket and slash):
            raise ValueError(f"{uri!r} is not an S3 URI: write it as s3://bucket/key")
        return cls(bucket, key)

    @classmethod
    def folder(cls, uri: str) -> Self:
        """Parse ``s3://bucket/folder/``, with or without the trailing slash.

        Raises:
            ValueError: it isn't an S3 URI.
        """
        is_bare = uri.count("/") <= _SCHEME.count("/")
        place = cls.parse(f"{uri}/" if is_bare else uri)
        return cls(
            place.bucket, place.key if not place.key or place.key[-1] == "/" else place.key + "/"
        )

    @property
    def uri(self) -> str:
        """As ``s3://bucket/key``."""
        return f"{_SCHEME}{self.bucket}/{self.key}"

    def __truediv__(self, name: str) -> Location:
        """The location of a name below this one: key and name concatenated."""
        return Location(self.bucket, self.key + name)

    def holds(self, other: Location) -> bool:
        """Whether another location starts with this one."""
        return self.bucket == other.bucket and other.key.startswith(self.key)
