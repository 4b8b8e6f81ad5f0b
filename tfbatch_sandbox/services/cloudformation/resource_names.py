"""Names that CloudFormation gives the SageMaker resources whose template names none."""

from __future__ import annotations

import secrets

_LENGTH = 63
_SUFFIX_BYTES = 6


def unique(logical_id: str) -> str:
    """A new name that starts with a resource's logical id."""
    suffix = secrets.token_hex(_SUFFIX_BYTES)
    return f"{logical_id[: _LENGTH - len(suffix) - 1]}-{suffix}"
