"""The demo's model over photographs: as JPEG objects and as TFRecord files, held together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tfbatch.demo import photos, predictions
from tfbatch.demo.errors import DemoError
from tfbatch.demo.runs import Run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tfbatch.demo.display import Display
    from tfbatch.demo.photos import Photos

FORMATS = ("jpeg", "tfrecord")


@dataclass(frozen=True, kw_only=True, slots=True)
class Photographs:
    """The demo's data for its own model."""

    data: Photos
    runs: tuple[Run, ...]

    def summary(self) -> tuple[str, str]:
        """What was collected: a title and a detail."""
        files = len(self.data.tfrecords)
        return f"{len(self.data.jpegs)} photographs", f"as JPEG, and in {files} TFRecord files"

    def show(self, display: Display, outputs: Sequence[Mapping[str, list[str]]]) -> None:
        """Show each photograph's class.

        Raises:
            DemoError: an output is missing or wrong, the runs differ, or the cat is no cat.
        """
        jpegs = predictions.of_jpegs(self.data, outputs[0])
        tfrecords = predictions.of_tfrecords(self.data, outputs[1])
        display.table(jpegs, tfrecords)
        different = [
            name for name in self.data.jpegs if not jpegs[name].agrees_with(tfrecords[name])
        ]
        if different:
            raise DemoError(f"the JPEG and the TFRecord run differ on {', '.join(different)}")
        if not jpegs["cat.jpg"].is_cat:
            raise DemoError(f"the cat came out as {jpegs['cat.jpg'].label}, which is no house cat")
        display.say(f"Both runs agree on all {len(jpegs)} photographs, and the cat is a cat.")


def collect(directory: Path, *, model: str) -> Photographs:
    """Write the photographs to ``directory``."""
    titles, folders = ("JPEG objects", "TFRecord files"), ("photos", "tfrecords")
    return Photographs(
        data=photos.collect(directory),
        runs=tuple(
            Run(title=title, format=name, folder=folder, model=model)
            for title, name, folder in zip(titles, FORMATS, folders, strict=True)
        ),
    )
