"""Finds resources with data that are deleted or replaced."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tfbatch.review.compare.rules.dangers import KEEPING
from tfbatch.review.finding import Finding, Section, Severity
from tfbatch.review.sides import schemas

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tfbatch.review.compare.changes import Change
    from tfbatch.review.compare.identity import Pairs
    from tfbatch.review.finding import Row
    from tfbatch.review.sides.assembly import Resource

_CLEANER = "Custom::S3AutoDeleteObjects"
_CLEANED = "aws-cdk:auto-delete-objects"
_MANY = {
    "removed": "are removed",
    "replaced": "are replaced by new, empty ones",
    "moved": "become new, empty ones",
}


def findings(pairs: Pairs, changes: Iterable[Change]) -> Iterator[Finding]:
    """Resources whose data is lost, or left behind."""
    for change in changes:
        if change.resource.kind == _CLEANER and (bucket := _emptied(pairs, change)):
            yield _emptying(change, bucket)
        if schemas.is_stateful(change.resource.kind):
            yield from _lost(change)


def _lost(change: Change) -> Iterator[Finding]:
    """Deletion and replacement, and what happens to the old data."""
    if change.was is None or change.fate not in ("removed", "replaced", "moved"):
        return
    old = change.was
    policy = _policy(change, old)
    kept = policy in KEEPING
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


def _emptied(pairs: Pairs, change: Change) -> Resource | None:
    """The bucket that stays and is emptied, because the resource that empties it is deleted."""
    if change.was is None or change.fate not in _MANY:
        return None
    stack = change.was.key[0]
    name = change.was.body.get("Properties", {}).get("BucketName")
    bucket = (
        pairs.head.resources.get((stack, str(name.get("Ref")))) if isinstance(name, dict) else None
    )
    is_tagged = bucket and any(tag.get("Key") == _CLEANED for tag in _tags(bucket))
    return bucket if is_tagged else None


def _emptying(change: Change, bucket: Resource) -> Finding:
    return Finding(
        section=Section.HURT,
        rule="bucket-emptied",
        severity=Severity.DESTRUCTIVE,
        title=f"{_capital(bucket)} is emptied",
        many="are emptied",
        noun=bucket.noun,
        why=f"{change.resource} is {change.fate}, and deleting it deletes every object of the "
        "bucket. Set the bucket's removal policy to Retain and deploy that first.",
        subject=bucket.path,
        logical_id=bucket.key[1],
    )


def _policy(change: Change, old: Resource) -> str:
    """What happens to the old one. Of two policies of a replaced resource, the weaker counts."""
    if change.fate != "replaced":
        return str(old.body.get("DeletionPolicy", "Delete"))
    sides = (old, change.resource)
    policies = [str(one.body.get("UpdateReplacePolicy", "Delete")) for one in sides]
    return next((policy for policy in policies if policy not in KEEPING), policies[0])


def _rows(change: Change) -> Iterator[Row]:
    """What causes the replacement: its logical id, or create-only properties."""
    if change.fate == "moved" and change.was is not None:
        yield "logical id", change.was.key[1], change.resource.key[1]
    for leaf in change.leaves:
        if re.split(r"[.\[]", leaf.path, maxsplit=1)[0] in change.forced_by:
            yield leaf.row


def _capital(resource: Resource) -> str:
    text = str(resource)
    return text[0].upper() + text[1:]


def _what(change: Change) -> str:
    if change.fate == "removed":
        return "is removed"
    if change.fate == "replaced":
        return f"{'may be' if change.maybe else 'is'} replaced by a new, empty one"
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
