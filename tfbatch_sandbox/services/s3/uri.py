"""Parses S3 URIs of SageMaker requests."""

from __future__ import annotations


def split(uri: str) -> tuple[str, str]:
    """Bucket and key of ``s3://bucket/key``. The key may have any character and may be empty."""
    bucket, _, key = uri.partition("://")[2].partition("/")
    return bucket, key
