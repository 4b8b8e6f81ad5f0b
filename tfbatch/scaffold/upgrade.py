"""Compares a project with what this version of tfbatch would write."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from enum import Enum
from importlib.metadata import version
from typing import TYPE_CHECKING

from tfbatch.files.file_store import FileStoreError
from tfbatch.scaffold import record
from tfbatch.scaffold.files import STAGES, digest, digests, render
from tfbatch.scaffold.stages import own_model

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tfbatch.scaffold.record import Record


class Fate(Enum):
    """What happens to a file."""

    UPDATED = "updated"
    """Its owner left it alone, so it is written anew."""
    ADDED = "added"
    """Older versions had no such file."""
    YOURS = "yours"
    """Its owner changed it, so it stays as it is."""
    DELETED = "deleted"
    """Its owner deleted it, so it stays away."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """A file that this version would write otherwise."""

    path: str
    fate: Fate
    before: str
    after: str

    def diff(self) -> str:
        """From the file as it is to this version's, as a unified diff."""
        return "".join(
            difflib.unified_diff(
                self.before.splitlines(keepends=True),
                self.after.splitlines(keepends=True),
                f"a/{self.path}",
                f"b/{self.path}",
            )
        )


def changes(project: Path) -> list[Change]:
    """The files that this version would write otherwise than the version that wrote them.

    Raises:
        Problem: ``tfbatch init`` didn't make the project.
    """
    written, name = record.read(project)
    return list(_changes(project, written, _texts(project, written, name)))


def apply(project: Path, found: list[Change]) -> None:
    """Write the files that their owner left alone, and record what this version writes."""
    written, name = record.read(project)
    for change in found:
        if change.fate in (Fate.UPDATED, Fate.ADDED):
            file = project / change.path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(change.after, encoding="utf-8")
    new = digests(_texts(project, written, name))
    renewed = replace(written, version=version("tfbatch"), files={**written.files, **new})
    file = project / record.FILE
    file.write_text(renewed.appended(file.read_text(encoding="utf-8")), encoding="utf-8")


def _texts(project: Path, written: Record, name: str) -> dict[str, str]:
    """What this version would write; without the stages if their model isn't there."""
    if not written.model:
        return render(name=name, model=None)
    try:
        model = own_model(project / "models" / written.model, name=written.model)
    except FileStoreError:
        texts = render(name=name, model=None)
        del texts[STAGES]
        return texts
    return render(name=name, model=model)


def _changes(project: Path, written: Record, texts: dict[str, str]) -> Iterator[Change]:
    for path, after in sorted(texts.items()):
        file = project / path
        before = file.read_text(encoding="utf-8") if file.is_file() else None
        is_known = path in written.files
        if path == record.FILE and before is not None:
            before = record.without(before)
        if before == after or (is_known and digest(after) == written.files[path]):
            continue
        if before is None:
            fate = Fate.DELETED if is_known else Fate.ADDED
        else:
            left_alone = is_known and digest(before) == written.files[path]
            fate = Fate.UPDATED if left_alone else Fate.YOURS
        yield Change(path=path, fate=fate, before=before or "", after=after)
