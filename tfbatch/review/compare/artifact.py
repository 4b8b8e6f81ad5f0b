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
    from collections.abc import Iterable, Iterator, Mapping

    from tfbatch.review.finding import Row
    from tfbatch.review.sides.assembly import Stage
    from tfbatch.review.sides.bundles import Bundle

_VENDORED = re.compile(r"(?:code/)?lib/.+")
_PACKAGE = re.compile(r"(?P<folder>.+)/(?P<name>[^/]+)-(?P<version>[^/-]+)\.dist-info/METADATA")
_SAVED_MODEL = re.compile(r"(?P<version>\d+)/saved_model\.pb")
_MODEL_FILE = re.compile(r"\d+/.+")
_LABELS = re.compile(r"(?:.*/)?labels[^/]*\.txt")
_OTHERS = re.compile(rf"{_VENDORED.pattern}|{_MODEL_FILE.pattern}|{_LABELS.pattern}")
_TEXT_BYTES = 512 * 1024
_MOST_FILES = 40
_MB = 1_000_000


def findings(base: Stage, head: Stage) -> Iterator[Finding]:
    """Bundles that are new, removed, or have other files than before."""
    for name, new in head.bundles.items():
        old = base.bundles.get(name)
        if old is None:
            yield _one_sided(new, "added", "is new")
        elif old.digest != new.digest:
            yield from _compared(old, new)
        elif old.hash != new.hash:
            yield _moved_for_nothing(old, new)
    for name, old in base.bundles.items():
        if name not in head.bundles:
            yield _one_sided(old, "removed", "is gone")


def _one_sided(bundle: Bundle, fate: str, words: str) -> Finding:
    files = f"{len(bundle.members)} file{'s' if len(bundle.members) > 1 else ''}"
    return Finding(
        section=Section.ARTIFACT,
        rule=f"bundle-{fate}",
        severity=Severity.ATTENTION,
        title=f"{bundle.name} {words}: {files}, {_size(bundle.size)}",
        subject=bundle.name,
    )


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
    model = tuple(_signatures(before, after))
    packages = tuple(_packages(before, after))
    files = [*_files(old, new, [name for name in changed if not _VENDORED.fullmatch(name)])]
    if old.size != new.size:
        files.append(("size", _size(old.size), _size(new.size)))
    yield Finding(
        section=Section.ARTIFACT,
        rule="bundle-changed",
        title=f"{new.name}: {len(changed)} of its files changed",
        subject=new.name,
        rows=(*model, *packages, *files),
    )
    yield from _marked(old, new, changed, model, packages)
    sides = ((old, before), (new, after))
    unseen = [name for name in changed if not all(_is_shown(*side, name) for side in sides)]
    if unseen := [name for name in unseen if not _OTHERS.fullmatch(name)]:
        what = "They are no text, or too long. Look at them where they come from."
        rows = _files(old, new, unseen)
        yield _hurting(new, "file-not-shown", "has files that this review can't show", what, rows)
    for name in changed:
        yield from _text(new, name, before.get(name), after.get(name))


def _marked(
    old: Bundle, new: Bundle, changed: list[str], model: tuple[Row, ...], packages: tuple[Row, ...]
) -> Iterator[Finding]:
    """What nobody can read off the lines that are shown."""
    if broken := tuple(_broken(model)):
        yield _hurting(
            new,
            "signature-changed",
            "has another signature",
            "Who sends records or reads predictions relies on it: inputs, outputs, their shapes.",
            broken,
        )
    if labels := [name for name in changed if _LABELS.fullmatch(name)]:
        what = "The same class number gets another name. Who reads predictions by name is affected."
        yield _hurting(new, "labels-changed", "has other labels", what, _files(old, new, labels))
    if weights := [name for name in changed if _MODEL_FILE.fullmatch(name)]:
        what = "Its predictions change. No review can tell how: evaluate it."
        files = _files(old, new, weights)
        yield _hurting(new, "model-changed", "has another model", what, files)
    if vendored := [name for name in changed if _VENDORED.fullmatch(name)]:
        yield _hurting(
            new,
            "packages-vendored",
            "has other packages",
            f"{len(vendored)} files of code that isn't this project's own run in the container.",
            packages or _files(old, new, vendored),
        )


def _hurting(bundle: Bundle, rule: str, says: str, why: str, rows: Iterable[Row]) -> Finding:
    return Finding(
        section=Section.HURT,
        rule=rule,
        severity=Severity.ATTENTION,
        title=f"{bundle.name} {says}",
        why=why,
        subject=bundle.name,
        rows=tuple(rows),
    )


def _broken(model: Iterable[Row]) -> Iterator[Row]:
    """Signatures that both sides have, and that differ, or that are gone."""
    for name, old, new in model:
        if name.startswith("signature") and old != "—":
            yield name, old, new


def _is_shown(bundle: Bundle, contents: Mapping[str, bytes], name: str) -> bool:
    """Whether a file is text of a length that is shown, or isn't there."""
    if name not in bundle.members:
        return True
    return name in contents and _decoded(contents[name]) is not None


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
    if old is None or new is None or _PACKAGE.fullmatch(name) or _MODEL_FILE.fullmatch(name):
        return
    diff = differences.lines(old, new)
    if diff:
        word = "is new" if before is None else "is gone" if after is None else "changed"
        yield Finding(
            section=Section.ARTIFACT,
            rule="file-changed",
            title=f"{name or bundle.name} {word}",
            subject=bundle.name,
            why="It is shown line by line." if not _LABELS.fullmatch(name) else "",
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
