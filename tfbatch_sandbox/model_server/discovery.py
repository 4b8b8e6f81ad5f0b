"""Finds the models in an unpacked artifact, by the container's rules.

A model is the parent of an all-digits folder that holds a ``saved_model.pb``, at any depth; its
name is that parent's. Source: ``find_models`` of the TensorFlow Serving container.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A servable's name and the folder of its versions."""

    name: str
    path: Path

    def versions(self) -> dict[int, Path]:
        """All numeric folders, the oldest first. All are loaded."""
        found = {int(entry.name): entry for entry in self.path.iterdir() if entry.name.isdigit()}
        return dict(sorted(found.items()))


def find_models(model_dir: Path) -> list[Model]:
    """Find every model, in the order of the folder. The first is the default.

    Args:
        model_dir: stands for ``/opt/ml/model``. Versions directly in it belong to a model named
            ``model``.
    """
    models: dict[Path, Model] = {}
    for version in _version_folders(model_dir):
        path = version.parent
        name = "model" if path == model_dir else path.name
        models.setdefault(path, Model(name=name, path=path))
    return list(models.values())


def _version_folders(folder: Path) -> Iterator[Path]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                yield from _version_folders(Path(entry.path))
            elif entry.name == "saved_model.pb" and folder.name.isdigit():
                yield folder
