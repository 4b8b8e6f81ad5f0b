"""Both sides of a review: synthesized or given, linted, and loaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tfbatch.review.compare.locks import Locks
from tfbatch.review.errors import ReviewError
from tfbatch.review.sides import assembly, programs, revision, synthesis
from tfbatch.review.sides import folder as files
from tfbatch.review.sides.packages import sides as packages

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tfbatch.review.request import Request
    from tfbatch.review.sides.assembly import Stage


@dataclass(frozen=True, kw_only=True, slots=True)
class Side:
    """One side: its name, its stages and its lock files."""

    name: str
    folder: Path
    stages: Sequence[Stage]
    locks: Locks


def load_both(request: Request, cache: Path) -> tuple[Side, Side]:
    """Both sides, synthesized, linted and loaded."""
    base = revision.resolve(request.base, repository=request.repository)
    if request.head_assembly is None:
        head = revision.resolve(request.head, repository=request.repository)
        base = revision.merge_base(base, head, repository=request.repository)
        made = synthesis.synthesize([base, head], repository=request.repository, cache=cache)
        folders = {str(base): made[base.tree], str(head): made[head.tree]}
        named = [str(base), str(head)]
    else:
        made = synthesis.synthesize([base], repository=request.repository, cache=cache)
        named = [str(base), f"the assembly in {request.head_assembly}"]
        folders = {named[0]: made[base.tree], named[1]: request.head_assembly}
    _check_stages(request, [folders[name] for name in named])
    found = _linted(
        [load(folders[name], wanted=request.stages) for name in named],
        project=request.repository,
        cache=cache / "lint",
    )
    first, second = (
        Side(name=name, folder=folders[name], stages=stages, locks=_locks(folders[name]))
        for name, stages in zip(named, found, strict=True)
    )
    return first, second


def _check_stages(request: Request, folders: Sequence[Path]) -> None:
    known = {path.parent.name for folder in folders for path in folder.glob("*/manifest.json")}
    if unknown := set(request.stages) - known:
        raise ReviewError(
            f"--stage {', '.join(sorted(unknown))}: no such stage on either side; there are "
            f"{', '.join(sorted(known))}"
        )


def load(folder: Path, *, wanted: Sequence[str] = ()) -> list[assembly.Stage]:
    """Load the stages of one revision."""
    found = sorted(path.parent for path in folder.glob("*/manifest.json"))
    if not found:
        raise ReviewError(
            f"{folder} has no cloud assembly: it should have a folder for each stage, as "
            "`tfbatch review --synthesize` writes them"
        )
    return [assembly.load(path) for path in found if not wanted or path.name in wanted]


def _linted(
    sides: Sequence[Sequence[Stage]], *, project: Path, cache: Path
) -> list[Sequence[Stage]]:
    """The stages with cfn-lint's findings, which this process asks for itself."""
    templates = {
        name: stack.folder / f"{stack.file}.template.json"
        for stages in sides
        for stage in stages
        for name, stack in ((id(stack), stack) for stack in stage.stacks.values() if stack.file)
    }
    found = programs.lint(list(templates.values()), project=project, cache=cache)
    lints = {name: found[path] for name, path in templates.items()}
    return [[assembly.with_lint(stage, lints) for stage in stages] for stages in sides]


def _locks(folder: Path) -> Locks:
    """The models' locks that were copied beside the assemblies, and the packages."""
    copies = folder / synthesis.LOCKS
    names = sorted(file.name for file in copies.glob("*.lock.json"))
    return Locks(
        packages=packages.read(folder),
        models={name: files.read_text(copies, name) for name in names},
    )
