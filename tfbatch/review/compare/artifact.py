"""Compares model artifacts and Lambda bundles file by file."""

from __future__ import annotations

import re
from email.parser import HeaderParser
from typing import TYPE_CHECKING

from tfbatch.review.compare import differences
from tfbatch.review.finding import Finding, Section, Severity
from tfbatch_handler import signature
from tfbatch_handler.protobuf import wire

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tfbatch.review.finding import Row
    from tfbatch.review.sides.assembly import Stage
    from tfbatch.review.sides.bundles import Bundle

_VENDORED = re.compile(r"(?:code/)?lib/.+")
_PACKAGE = re.compile(r"(?P<folder>.+)/(?P<name>[^/]+)-(?P<version>[^/-]+)\.dist-info/METADATA")
_SAVED_MODEL = re.compile(r"(?P<version>\d+)/saved_model\.pb")
_TEXT_BYTES = 512 * 1024
_MOST_FILES = 40
_MB = 1_000_000


def findings(base: Stage, head: Stage) -> Iterator[Finding]:
    """Bundles that are new, removed, or have other files than before."""
    for name, new in head.bundles.items():
        old = base.bundles.get(name)
        if old is None:
            files = f"{len(new.members)} file{'s' if len(new.members) > 1 else ''}"
            what = f"{files}, {_size(new.size)}"
            yield _finding(new, "bundle-added", f"{name} is new: {what}")
        elif old.digest != new.digest:
            yield from _compared(old, new)
        elif old.hash != new.hash:
            yield _moved_for_nothing(old, new)
    for name, old in base.bundles.items():
        if name not in head.bundles:
            yield _finding(old, "bundle-removed", f"{name} is gone")


def _finding(bundle: Bundle, rule: str, title: str, rows: tuple[Row, ...] = ()) -> Finding:
    return Finding(section=Section.ARTIFACT, rule=rule, title=title, subject=bundle.name, rows=rows)


def _moved_for_nothing(old: Bundle, new: Bundle) -> Finding:
    return Finding(
        section=Section.HURT,
        rule="hash-without-content",
        severity=Severity.ATTENTION,
        title=f"{new.name} has a new asset hash but the same files",
        why="This is a bundling bug: the resource is redeployed for nothing. The hash must depend "
        "only on file names and contents.",
        subject=new.name,
        rows=(("asset hash", old.hash[:12], new.hash[:12]),),
    )


def _compared(old: Bundle, new: Bundle) -> Iterator[Finding]:
    changed = [
        name
        for name in sorted({*old.members, *new.members})
        if old.members.get(name) != new.members.get(name)
    ]
    before = old.read(name for name in changed if _is_wanted(old, name))
    after = new.read(name for name in changed if _is_wanted(new, name))
    facts = [
        *_signatures(before, after),
        *_packages(before, after),
        *_files(old, new, [name for name in changed if not _VENDORED.fullmatch(name)]),
    ]
    if old.size != new.size:
        facts.append(("size", _size(old.size), _size(new.size)))
    title = f"{new.name}: {len(changed)} of its files changed"
    yield _finding(new, "bundle-changed", title, tuple(facts))
    for name in changed:
        yield from _text(new, name, before.get(name), after.get(name))


def _is_wanted(bundle: Bundle, name: str) -> bool:
    """Whether a member's contents are shown: text, a package's name, a signature."""
    member = bundle.members.get(name)
    if member is None:
        return False
    telling = _PACKAGE.fullmatch(name) or _SAVED_MODEL.fullmatch(name)
    return bool(telling) or (member.size <= _TEXT_BYTES and not _VENDORED.fullmatch(name))


def _signatures(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> Iterator[Row]:
    """The SavedModel's version, signature and TensorFlow version, if its graph changed."""
    old, new = _model(before), _model(after)
    for key in {**old, **new}:
        if old.get(key, "—") != new.get(key, "—"):
            yield key, old.get(key, "—"), new.get(key, "—")


def _model(members: Mapping[str, bytes]) -> dict[str, str]:
    for name, contents in members.items():
        if found := _SAVED_MODEL.fullmatch(name):
            return {"model version": found["version"]} | dict(_described(contents))
    return {}


def _described(contents: bytes) -> Iterator[tuple[str, str]]:
    try:
        signatures = signature.parse_saved_model(contents)
    except (signature.SignatureError, wire.WireError) as error:
        yield "signature", f"unreadable: {error}"
        return
    for name, one in signatures.items():
        if not name.startswith("__"):
            yield f"signature {name}", str(one)
    first = next(iter(signatures.values()), None)
    yield "TensorFlow", first.tensorflow_version if first else "unknown"


def _packages(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> Iterator[Row]:
    """Vendored packages by name and version, from their metadata."""
    old, new = _versions(before), _versions(after)
    for name in sorted({*old, *new}):
        if old.get(name) != new.get(name):
            yield f"package {name}", old.get(name, "—"), new.get(name, "—")


def _versions(members: Mapping[str, bytes]) -> dict[str, str]:
    found = {}
    for name, contents in members.items():
        if _PACKAGE.fullmatch(name):
            headers = HeaderParser().parsestr(contents.decode(errors="replace"))
            found[str(headers["Name"])] = str(headers["Version"])
    return found


def _files(old: Bundle, new: Bundle, changed: list[str]) -> Iterator[Row]:
    for name in changed[:_MOST_FILES]:
        before, after = old.members.get(name), new.members.get(name)
        yield (
            name or "contents",
            f"{_size(before.size)}" if before else "—",
            f"{_size(after.size)}" if after else "—",
        )
    if len(changed) > _MOST_FILES:
        yield f"and {len(changed) - _MOST_FILES} files more", "", ""


def _text(
    bundle: Bundle, name: str, before: bytes | None, after: bytes | None
) -> Iterator[Finding]:
    """The changed lines of a text file."""
    old, new = _decoded(before), _decoded(after)
    if old is None or new is None or _PACKAGE.fullmatch(name):
        return
    diff = differences.lines(old, new)
    if diff:
        word = "is new" if before is None else "is gone" if after is None else "changed"
        yield Finding(
            section=Section.ARTIFACT,
            rule="file-changed",
            title=f"{name or bundle.name} {word}",
            subject=bundle.name,
            diff=diff,
        )


def _decoded(contents: bytes | None) -> str | None:
    if contents is None:
        return ""
    try:
        text = contents.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _size(size: int) -> str:
    return f"{size / _MB:.1f} MB" if size >= _MB / 10 else f"{size / 1000:.1f} kB"
