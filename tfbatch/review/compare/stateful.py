"""Finds resources with data that are deleted, replaced or less protected."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tfbatch.review.finding import Finding, Section, Severity
from tfbatch.review.sides import schemas

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tfbatch.review.compare.resources import Change
    from tfbatch.review.finding import Row
    from tfbatch.review.sides.assembly import Resource, Stage

_KEEPING = ("Retain", "RetainExceptOnCreate", "Snapshot")
_CLEANED = "aws-cdk:auto-delete-objects"
_MANY = {
    "removed": "are removed",
    "replaced": "are replaced by new, empty ones",
    "moved": "become new, empty ones",
}
_NUMBER = re.compile(r"\d+(\.\d+)?")


def findings(base: Stage, head: Stage, changes: Iterable[Change]) -> Iterator[Finding]:
    """What is lost now, and what could be lost later."""
    for change in changes:
        if schemas.is_stateful(change.resource.kind):
            yield from _lost(change)
            yield from _less_kept(change)
    for stack, protected in base.protected.items():
        if protected and head.protected.get(stack) is False:
            yield Finding(
                section=Section.HURT,
                rule="termination-protection-lost",
                severity=Severity.ATTENTION,
                title=f"Stack {stack} is no longer protected against termination",
                why="One `cdk destroy` would then take it down.",
                subject=stack,
            )


def _lost(change: Change) -> Iterator[Finding]:
    """Deletion and replacement, and what happens to the old data."""
    if change.was is None or change.fate not in ("removed", "replaced", "moved"):
        return
    old = change.was
    attribute = "UpdateReplacePolicy" if change.fate == "replaced" else "DeletionPolicy"
    policy = old.body.get(attribute, "Delete")
    kept = policy in _KEEPING
    yield Finding(
        section=Section.HURT,
        rule=f"stateful-{change.fate}" + ("-kept" if kept else ""),
        severity=Severity.ATTENTION if kept else Severity.DESTRUCTIVE,
        title=f"{_capital(old)} {_what(change)}" + ("" if kept else ", and its data is deleted"),
        many=_MANY[change.fate] + ("" if kept else ", and their data is deleted"),
        noun=old.noun,
        why=_why(change, old, policy=policy, kept=kept),
        subject=old.path,
        logical_id=old.key[1],
        rows=tuple(_rows(change)),
    )


def _rows(change: Change) -> Iterator[Row]:
    """What causes the replacement: its logical id, or create-only properties."""
    if change.fate == "moved" and change.was is not None:
        yield "logical id", change.was.key[1], change.resource.key[1]
    yield from (row for row in change.rows if row[0] in change.forced_by)


def _capital(resource: Resource) -> str:
    text = str(resource)
    return text[0].upper() + text[1:]


def _what(change: Change) -> str:
    if change.fate == "removed":
        return "is removed"
    if change.fate == "replaced":
        return "is replaced by a new, empty one"
    if change.was is not None and change.was.path == change.resource.path:
        return "is replaced by a new, empty one under another logical id"
    return f"becomes {change.resource.path}, a new, empty one"


def _why(change: Change, old: Resource, *, policy: str, kept: bool) -> str:
    forced = ", ".join(dict.fromkeys(change.forced_by))
    reason = f"{forced} can't be changed in place. " if forced else ""
    if change.fate == "moved":
        reason = (
            "CloudFormation knows a resource by its logical id, which moving or renaming a "
            "construct changes; `override_logical_id` keeps it. "
        )
    if kept:
        return (
            f"{reason}The old one stays in the account ({policy}), out of the stack: nothing "
            "reads it any more, and someone has to move what it holds."
        )
    cleaned = any(tag.get("Key") == _CLEANED for tag in _tags(old))
    how = "is emptied first and then deleted" if cleaned else "is deleted with the deployment"
    return f"{reason}Its deletion policy is {policy}: the old one {how}. There is no undo."


def _tags(resource: Resource) -> list[dict[str, object]]:
    tags = resource.body.get("Properties", {}).get("Tags", [])
    return [tag for tag in tags if isinstance(tag, dict)] if isinstance(tags, list) else []


def _less_kept(change: Change) -> Iterator[Finding]:
    """Weaker protection of data: retention, versions, lifetimes."""
    for row in change.rows:
        sentences = _lost_protection(row) if change.was is not None else None
        if sentences:
            yield Finding(
                section=Section.HURT,
                rule="retention-lost",
                severity=Severity.ATTENTION,
                title=f"{_capital(change.resource)} {sentences[0]}",
                many=sentences[1],
                noun=change.resource.noun,
                why="This change weakens the protection of its data.",
                subject=change.resource.path,
                logical_id=change.resource.key[1],
                rows=(row,),
            )


def _lost_protection(row: Row) -> tuple[str, str] | None:
    """The sentence about lost protection, for one resource and for several."""
    name, old, new = row
    if name == "DeletionPolicy" and old in _KEEPING and new not in _KEEPING:
        return (
            "is no longer kept when its stack or its code is removed",
            "are no longer kept when their stack or their code is removed",
        )
    if name == "VersioningConfiguration.Status" and old == "Enabled":
        return (
            "no longer keeps older versions of its objects",
            "no longer keep older versions of their objects",
        )
    if "PointInTimeRecovery" in name and old == "yes":
        return ("can no longer be restored to a point in time",) * 2
    if name == "DeletionProtectionEnabled" and old == "yes":
        return "is no longer protected against deletion", "are no longer protected against deletion"
    if _is_sooner(name, old, new):
        sooner = f"sooner: {_days(old)} → {_days(new)}"
        return f"forgets {sooner}", f"forget {sooner}"
    return None


def _is_sooner(name: str, old: str, new: str) -> bool:
    """Whether something newly expires, or sooner than before."""
    expires = name.endswith(("ExpirationInDays", "RetentionInDays", "NoncurrentDays"))
    if not expires or not _NUMBER.fullmatch(new):
        return False
    return not _NUMBER.fullmatch(old) or float(new) < float(old)


def _days(value: str) -> str:
    return f"{value} days" if _NUMBER.fullmatch(value) else "never"
