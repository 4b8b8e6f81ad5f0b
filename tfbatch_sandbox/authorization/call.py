"""An API call as IAM actions on resources."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One action on one resource, as in the Service Authorization Reference."""

    action: str
    """``s3:GetObject``."""
    resource: str
    """An ARN; ``*`` for an action without resources."""
    context: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    """Condition keys of the call itself, in lower case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The account and region of a call."""

    account: str
    region: str
    partition: str = "aws"

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a resource here."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"
