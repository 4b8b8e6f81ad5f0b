"""Parses S3 URIs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

_URI = re.compile(r"(?:s3|https)://([^/]+)/?(.*)", re.DOTALL)


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
        match = _URI.fullmatch(uri)
        if match is None:
            raise ValueError(f"{uri!r} is not an S3 URI: write it as s3://bucket/key")
        return cls(match[1], match[2])

    @property
    def uri(self) -> str:
        """As ``s3://bucket/key``."""
        return f"s3://{self.bucket}/{self.key}"

    def __str__(self) -> str:
        return f"{self.bucket}/{self.key}"
