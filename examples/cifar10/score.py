"""How many predictions are right: ``python -m examples.cifar10.score PREDICTIONS LABELS.csv``."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path


def score(predictions: Path, labels: Path) -> tuple[int, int]:
    """Count the right predictions, and all of them.

    Args:
        predictions: a folder with ``00000.png.out`` and so on, as a run writes them.
        labels: ``name,class`` for each image.

    Raises:
        FileNotFoundError: an image has no prediction.
    """
    with labels.open(newline="") as file:
        classes = {name: int(label) for name, label in csv.reader(file)}
    right = sum(
        json.loads((predictions / f"{name}.out").read_text())["top_k"][0]["class"] == label
        for name, label in classes.items()
    )
    return right, len(classes)


if __name__ == "__main__":
    right, total = score(Path(sys.argv[1]), Path(sys.argv[2]))
    print(f"{right} of {total} predictions are right: {right / total:.1%}")
