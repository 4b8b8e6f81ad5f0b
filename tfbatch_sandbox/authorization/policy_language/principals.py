"""Matches the ``Principal`` of a resource policy with a caller."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Meant(Enum):
    """How a resource policy names a principal."""

    NOT = 0
    ACCOUNT = 1
    """Its account, which then needs an identity policy too."""
    ROLE = 2
    """The role of its session."""
    SELF = 3
    """The principal itself, or everyone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A session of a role, a user, or an AWS service."""

    arn: str
    """ARN of the session or user; for a service its name, ``events.amazonaws.com``."""
    account: str
    role_arn: str | None = None
    """ARN of the session's role."""

    @property
    def is_service(self) -> bool:
        """Whether it is an AWS service, which has no policies."""
        return not self.arn.startswith("arn:")

    def meant_by(self, element: object) -> Meant:
        """How the ``Principal`` element names it.

        Args:
            element: ``"*"``, or an object with ``AWS`` and ``Service``.
        """
        if element == "*":
            return Meant.SELF
        given: Mapping[str, object] = element if isinstance(element, dict) else {}
        if self.is_service:
            named = _listed(given.get("Service"))
            return Meant.SELF if self.arn in named else Meant.NOT
        return max(
            (self._named(name) for name in _listed(given.get("AWS"))),
            key=lambda meant: meant.value,
            default=Meant.NOT,
        )

    def _named(self, name: str) -> Meant:
        if name in {"*", self.arn}:
            return Meant.SELF
        if name == self.role_arn:
            return Meant.ROLE
        is_account = name == self.account or (
            name.startswith("arn:") and name.endswith(f":iam::{self.account}:root")
        )
        return Meant.ACCOUNT if is_account else Meant.NOT


def _listed(value: object) -> Sequence[str]:
    if value is None:
        return ()
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]
