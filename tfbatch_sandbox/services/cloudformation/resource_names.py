"""Generates names for SageMaker resources that have none in their template."""

from __future__ import annotations

import secrets

_LENGTH = 63
_SUFFIX_BYTES = 6


def unique(logical_id: str) -> str:
    """Generate a name that begins with a logical id."""
    suffix = secrets.token_hex(_SUFFIX_BYTES)
    return f"{logical_id[: _LENGTH - len(suffix) - 1]}-{suffix}"
