"""Compares the predictions of two classifiers on the same photographs."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from tfbatch.terminal.problem import Problem

if TYPE_CHECKING:
    from tfbatch.export.serving import Classifier

TOLERANCE = 0.03
"""Maximum difference of a class's probability."""
_TIE = 0.03
"""Two best classes that are this close may swap."""


class TooDifferent(Problem):  # what it is, as people say it
    """The predictions of a variant differ from the network's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """The agreement of two classifiers."""

    photographs: int
    same: int
    """Photographs with the same likeliest class."""
    excused: int
    """Photographs whose two best classes were almost equal."""
    difference: float
    """The largest difference of a probability."""

    def __str__(self) -> str:
        """A sentence."""
        excused = f", {self.excused} nearly even" if self.excused else ""
        return (
            f"against float32 on {self.photographs} photographs: the same class for {self.same}"
            f"{excused}; probabilities differ by {self.difference:.2g} at the most"
        )


def compare(exact: Classifier, other: Classifier) -> Comparison:
    """Compare both on the demo's photographs.

    Raises:
        TooDifferent: a probability differs by more than ``TOLERANCE``, or a class differs.
    """
    images = tf.constant(_photographs(), tf.string)
    wanted, found = (one.serve(images)["probabilities"].numpy() for one in (exact, other))
    same = wanted.argmax(axis=1) == found.argmax(axis=1)
    best = np.sort(wanted, axis=1)[:, -2:]
    nearly_even = (best[:, -1] - best[:, 0]) < _TIE
    comparison = Comparison(
        photographs=len(same),
        same=int(same.sum()),
        excused=int((~same & nearly_even).sum()),
        difference=float(np.abs(wanted - found).max()),
    )
    is_alike = comparison.same + comparison.excused == comparison.photographs
    if not is_alike or not comparison.difference <= TOLERANCE:  # NaN is never less
        raise TooDifferent(
            f"{comparison}; at most {TOLERANCE} is accepted, and no other class. Nothing is "
            "exported: leave --precision or --xla out, or keep the last layers in float32."
        )
    return comparison


def _photographs() -> list[bytes]:
    from tfbatch.demo import photos  # noqa: PLC0415 - decodes photographs

    with tempfile.TemporaryDirectory() as folder:
        found = photos.collect(Path(folder))
        return [(found.directory / "photos" / name).read_bytes() for name in found.jpegs]
