"""Compares the lock files of both revisions: pinned packages, and models."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tfbatch.review.compare import differences
from tfbatch.review.finding import Finding, Section, Severity
from tfbatch_cdk.model import lock as locks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LOCK = "all.lock"
_PINNED = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)", re.MULTILINE)
_SUFFIX = ".lock.json"
_MB = 1_000_000


def findings(base: Mapping[str, str], head: Mapping[str, str]) -> list[Finding]:
    """What differs of packages and models.

    Args:
        base: the texts of lock files by name.
        head: the same of the other side.
    """
    return [*_packages(base, head), *_models(base, head)]


def _packages(base: Mapping[str, str], head: Mapping[str, str]) -> list[Finding]:
    """The pinned packages that differ, whose effect a synthesis can't show."""
    rows = differences.rows(_pins(base.get(LOCK, "")), _pins(head.get(LOCK, "")))
    if not rows:
        return []
    return [
        Finding(
            section=Section.CHECKS,
            rule="packages-changed",
            severity=Severity.ATTENTION,
            title=f"{len(rows)} pinned package{'s' if len(rows) > 1 else ''} changed",
            why="Both revisions were synthesized with the packages installed here. This review "
            "does not show the effect of the new versions.",
            subject=f"requirements/{LOCK}",
            rows=rows,
        )
    ]


def _pins(text: str) -> dict[str, str]:
    return {found["name"].lower(): found["version"] for found in _PINNED.finditer(text)}


def _models(base: Mapping[str, str], head: Mapping[str, str]) -> Iterator[Finding]:
    """What changes of each locked model; without a lock, that no model was compared."""
    named = [name for name in dict.fromkeys([*base, *head]) if name.endswith(_SUFFIX)]
    if not named:
        yield Finding(
            section=Section.ARTIFACT,
            rule="model-not-compared",
            title="No model was compared: none has a lock",
            why="Both sides were synthesized with the files in models/ here. `tfbatch model add` "
            "writes a lock, which a commit holds.",
        )
    for name in named:
        if base.get(name) != head.get(name):
            yield _compared(name, base.get(name), head.get(name))


def _compared(name: str, before: str | None, after: str | None) -> Finding:
    model = name.removesuffix(_SUFFIX)
    rows = differences.rows(_facts(before, name), _facts(after, name))
    broken = any(row[0].startswith(("input", "output", "classes")) for row in rows)
    words = "is new" if before is None else "is gone" if after is None else "changes"
    return Finding(
        section=Section.HURT,
        rule="model-changed",
        severity=Severity.ATTENTION,
        title=f"Model {model} {words}",
        why="Its predictions change. No review can tell how: evaluate it."
        + (" Who sends records or reads predictions relies on what differs." if broken else ""),
        subject=model,
        rows=rows,
    )


def _facts(text: str | None, name: str) -> dict[str, str]:
    """What people ask of a model, by name."""
    if text is None:
        return {}
    try:
        found = locks.parse(text.encode(), where=name)
    except locks.LockError as error:
        return {"lock": str(error)}
    return {
        "source": found.source,
        "version": found.version,
        "TensorFlow": found.tensorflow,
        "size": f"{found.size / _MB:,.1f} MB",
        **{f"classes in {file}": str(count) for file, count in found.labels.items()},
        **dict(_tensors(found)),
        **{f"file {file}": one.sha256[:12] for file, one in found.files.items()},
    }


def _tensors(found: locks.Lock) -> Iterator[tuple[str, str]]:
    for name, signature in found.signatures.items():
        for side, tensors in (("input", signature.inputs), ("output", signature.outputs)):
            for tensor, one in tensors.items():
                shape = "any shape" if one.shape is None else str(list(one.shape))
                yield f"{side} {tensor} of {name}", f"{one.dtype} {shape}"
