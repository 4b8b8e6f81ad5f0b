"""Compares the lock files of both revisions: pinned packages, and models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tfbatch.review.compare import differences
from tfbatch.review.finding import Finding, Section, Severity
from tfbatch_cdk.model import lock as locks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tfbatch.review.finding import Row
    from tfbatch.review.sides.packages.sides import Packages

_LONGEST = 1_000
"""Characters of a reason that are shown."""
_OWN = (
    "Each side was synthesized with the packages that it pins, so this review shows what they "
    "change in what is deployed."
)
_NOT_OWN = "This review does not show the effect of the new versions."
_RISK = "Who deploys runs their code, with their own rights."
_SUFFIX = ".lock.json"
_MB = 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Locks:
    """What a side pins."""

    packages: Packages
    models: Mapping[str, str]
    """The texts of the models' locks by file."""


def findings(base: Locks, head: Locks) -> list[Finding]:
    """What differs of packages and models."""
    return [
        *_packages(base.packages, head.packages),
        *_node_packages(base.packages, head.packages),
        *_models(base.models, head.models),
    ]


def _packages(base: Packages, head: Packages) -> Iterator[Finding]:
    """The pinned packages that differ, and whether each side was synthesized with its own."""
    sides = {"base": base, "head": head}
    if not base.lock and not head.lock:
        yield from _unlocked(base, head)
    else:
        yield from (_not_own(name, side) for name, side in sides.items() if side.problem)
    pins, contents = differences.rows(dict(base.pins), dict(head.pins)), _other_files(base, head)
    if not pins and not contents:
        return
    new = [name for name, old, _ in pins if name in head.pins and name not in base.pins]
    risks = {
        "New": new if base.lock else [],
        "From an address of its own": [name for name, _, pin in pins if "://" in pin],
        "Other files of the same version": [name for name, _, _ in contents],
    }
    said = [f"{what}: {', '.join(names)}." for what, names in risks.items() if names]
    own, count = not base.problem and not head.problem, len(pins + contents)
    yield Finding(
        section=Section.CHECKS,
        rule="packages-changed",
        severity=Severity.FINE if own and not said else Severity.ATTENTION,
        title=f"{count} pinned package{'s' if count > 1 else ''} changed",
        why=" ".join([_OWN if own else _NOT_OWN, *said, *([_RISK] if said else [])]),
        subject=head.lock or base.lock,
        rows=pins + contents,
    )


def _node_packages(base: Packages, head: Packages) -> Iterator[Finding]:
    """The Node.js packages that differ: the CDK's command line, and what it needs."""
    rows = differences.rows(dict(base.node), dict(head.node))
    if rows:
        yield Finding(
            section=Section.CHECKS,
            rule="node-packages-changed",
            severity=Severity.ATTENTION,
            title=f"{len(rows)} Node.js package{'s' if len(rows) > 1 else ''} changed",
            why="The CDK's command line deploys, with the rights of who deploys. No synthesis "
            "shows what another version of it does.",
            subject="package-lock.json",
            rows=rows,
        )


def _other_files(base: Packages, head: Packages) -> tuple[Row, ...]:
    """Packages of the same version, of which the lock admits other files."""
    return tuple(
        (name, _files_of(name, base), _files_of(name, head))
        for name in sorted(base.pins.keys() & head.pins.keys())
        if base.pins[name] == head.pins[name] and base.hashes.get(name) != head.hashes.get(name)
    )


def _files_of(name: str, side: Packages) -> str:
    return f"{side.pins[name]} ({side.hashes.get(name, '')[:12]})"


def _not_own(name: str, side: Packages) -> Finding:
    return Finding(
        section=Section.CHECKS,
        rule="packages-not-own",
        severity=Severity.ATTENTION,
        title=f"The {name} was not synthesized with the packages that it pins",
        why=f"{side.problem[:_LONGEST]}. It was synthesized with those that are installed: "
        + ", ".join(f"{tool} {version}" for tool, version in side.used.items()),
        subject=side.lock,
    )


def _unlocked(base: Packages, head: Packages) -> Iterator[Finding]:
    """Neither side pins its packages: both were synthesized with what is installed."""
    rows = differences.rows(dict(base.declared), dict(head.declared))
    yield Finding(
        section=Section.CHECKS,
        rule="packages-not-compared",
        severity=Severity.ATTENTION if rows or base.used != head.used else Severity.FINE,
        title="Packages were not compared: neither side has a lock that is read",
        why=f"{head.problem[:_LONGEST]}. Both sides were synthesized with the packages that are "
        "installed.",
        rows=rows,
    )


def _models(base: Mapping[str, str], head: Mapping[str, str]) -> Iterator[Finding]:
    """What changes of each locked model; without a lock, that no model was compared."""
    named = list(dict.fromkeys([*base, *head]))
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
