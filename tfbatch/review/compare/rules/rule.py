"""A rule: the differences that it explains, and what it says of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from tfbatch.review.compare.differences import ABSENT
from tfbatch.review.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tfbatch.review.compare.differences import Leaf

Fate = Literal["added", "removed", "changed", "replaced", "moved"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """What a leaf belongs to."""

    kind: str
    """``AWS::S3::Bucket``; the section's name for what is no resource: ``Outputs``, ``Stack``."""
    fate: Fate
    old: Any = ABSENT
    """The whole resource or output before, with its references as text."""
    new: Any = ABSENT


def _always(_leaf: Leaf, _place: Place) -> bool:
    return True


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """Explains the leaves that match all of its fields."""

    name: str
    verdict: Severity
    says: str
    """The sentence after the resource's name: ``is readable by anyone``."""
    many: str = ""
    """The same for several resources: ``are readable by anyone``; empty: as ``says``."""
    why: str = ""
    """The consequence, or why it is harmless."""
    kind: str = ".*"
    """A regular expression of the whole kind."""
    property: str = ".*"
    """A regular expression of the whole path of the leaf, which has no ``Properties.`` in front."""
    fate: str = ".*"
    when: Callable[[Leaf, Place], bool] = _always

    def explains(self, leaf: Leaf, place: Place) -> bool:
        """Whether the rule knows this difference."""
        return (
            re.fullmatch(self.kind, place.kind) is not None
            and re.fullmatch(self.property, leaf.path, re.DOTALL) is not None
            and re.fullmatch(self.fate, place.fate) is not None
            and self.when(leaf, place)
        )


UNKNOWN = Rule(
    name="unknown-change",
    verdict=Severity.ATTENTION,
    says="changes, and no rule knows what that does",
    many="change, and no rule knows what that does",
    why="Read the change itself. A rule of your own can explain it: see `--policy`.",
)


def judge(leaf: Leaf, place: Place, rules: Iterable[Rule]) -> Rule:
    """The rule that explains a leaf, the strictest if several do; :data:`UNKNOWN` if none does."""
    found = [rule for rule in rules if rule.explains(leaf, place)]
    return max(found, key=lambda rule: rule.verdict, default=UNKNOWN)
