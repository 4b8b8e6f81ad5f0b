"""Measures how often EfficientNet-Lite0, with its ImageNet weights, says another class."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf
from PIL import Image

from benchmarks.decode import graphs
from benchmarks.decode.photographs import augmented, encoded, fetched, installed
from tfbatch.export.catalog import CATALOG, DEMO_MODEL
from tfbatch.export.serving import center
from tfbatch.wrap.decoding import View, at_least, ratio

if TYPE_CHECKING:
    from collections.abc import Iterator

SHORTER = (375, 500, 768, 1080, 1500, 2160)
QUALITIES = (75, 85, 95)
ENOUGH = 0.99
"""The share of equal classes at which scaled could be the default."""
_AGAIN = 90
_BATCH = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """Two ways to make a network's pixels, over some pictures."""

    name: str
    pictures: int
    same: float
    """The share with the same likeliest class."""
    mean: float
    """Of each picture's largest difference of a probability."""
    p95: float
    most: float


def agreements() -> tuple[int, list[Agreement]]:
    """The number of photographs, and the comparisons."""
    photographs = [*installed(), *fetched()]
    exact, scaled, again, ratios = (
        np.concatenate(parts) for parts in zip(*_predicted(photographs), strict=True)
    )
    is_smaller = ratios > 1
    chosen = np.full(len(ratios), fill_value=True)
    return len(photographs), [
        _agreement("scaled, all", exact, scaled, chosen),
        *(
            _agreement(f"scaled, decoded at 1/{each}", exact, scaled, ratios == each)
            for each in (2, 4, 8)
            if (ratios == each).any()
        ),
        _agreement("scaled, all that are decoded smaller", exact, scaled, is_smaller),
        _agreement(f"exact, encoded again at quality {_AGAIN}", exact, again, is_smaller),
    ]


def _agreement(name: str, exact: Any, other: Any, chosen: Any) -> Agreement:  # noqa: ANN401
    same = exact[chosen].argmax(1) == other[chosen].argmax(1)
    difference = np.abs(exact[chosen] - other[chosen]).max(1)
    return Agreement(
        name=name,
        pictures=int(chosen.sum()),
        same=float(same.mean()),
        mean=float(difference.mean()),
        p95=float(np.quantile(difference, 0.95)),
        most=float(difference.max()),
    )


def _predicted(photographs: list[Any]) -> Iterator[tuple[Any, Any, Any, Any]]:
    """Probabilities by exact, by scaled, by exact of the file encoded again; and the ratios."""
    built = CATALOG[DEMO_MODEL].build()
    pixels = {name: graphs.batched(graphs.export(name)) for name in ("exact", "scaled")}

    def probabilities(name: str, files: list[bytes]) -> Any:  # noqa: ANN401
        values = built.normalize(pixels[name](tf.constant(files)))
        return built.network(values, training=False).numpy()

    view = View(box=center, exif=False, is_enough=at_least(graphs.SIZE, graphs.SIZE))
    for files in _batches(photographs):
        again = [encoded(Image.open(io.BytesIO(file)), _AGAIN) for file in files]
        ratios = np.array([int(ratio(tf.constant(file), view)) for file in files])
        yield (
            probabilities("exact", files),
            probabilities("scaled", files),
            probabilities("exact", again),
            ratios,
        )


def _batches(photographs: list[Any]) -> Iterator[list[bytes]]:
    for shorter in SHORTER:
        for quality in QUALITIES:
            pictures = list(augmented(photographs, shorter=shorter, quality=quality))
            for start in range(0, len(pictures), _BATCH):
                yield [encoded(one, quality) for one in pictures[start : start + _BATCH]]
