"""An API call as IAM actions on resources."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One action on one resource, as the Service Authorization Reference has them."""

    action: str
    """``s3:GetObject``."""
    resource: str
    """An ARN; ``*`` for an action that knows no resource."""
    context: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    """Condition keys of the call itself, in lower case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a call is made."""

    account: str
    region: str
    partition: str = "aws"

    def arn(self, service: str, resource: str) -> str:
        """The ARN of something here."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"
