"""Measures processor time per picture on one core, the graphs in turns."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import tensorflow as tf

from benchmarks.decode import graphs
from benchmarks.decode.photographs import installed, jpeg

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

TURNS, TURNS_OF_SMALL = 9, 31
"""A turn of small pictures takes a quarter of a second: one interruption would be seen in it."""
SIZES = (
    *((64, 64), (160, 120), (250, 250), (320, 240), (500, 375)),
    *((1024, 768), (2048, 1536), (4000, 3000)),
)
QUALITY = 85
TARGETS = {(1024, 768): 0.75, (4000, 3000): 0.35}
NEVER_ABOVE = 1.05
_PIXELS_A_TURN = 6_000_000
_MOST, _SMALL = 240, 30
"""The most pictures of a turn; with more than ``_SMALL`` of them they are small ones."""
_PHOTOGRAPHS = 6

_PAIRS: Mapping[str, tuple[Callable[[Any], Any], ...]] = {
    "export": (graphs.export_before, graphs.export("exact"), graphs.export("scaled")),
    "wrap": (graphs.wrap_before, graphs.wrap("exact"), graphs.wrap("scaled")),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Ratio:
    """Processor time as a part of the rival's."""

    median: float
    least: float
    most: float
    milliseconds: float
    """Of a picture, the median."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One size of pictures."""

    name: str
    size: tuple[int, int]
    kilobytes: float
    before: Ratio
    exact: Ratio
    scaled: Ratio


def measured(sides: Sequence[Any], files: Sequence[bytes]) -> list[Ratio]:
    """The ratio of each side to the first, turn by turn; a turn that warms up isn't counted.

    Each turn begins with another side.
    """
    count = max(round(_PIXELS_A_TURN / _pixels(files)), len(files))
    batch = tf.constant([files[number % len(files)] for number in range(min(count, _MOST))])
    turns = [
        _turn(sides, batch, first=number % len(sides))
        for number in range((TURNS_OF_SMALL if count > _SMALL else TURNS) + 1)
    ][1:]
    found = []
    for side in range(len(sides)):
        ratios = [turn[side] / turn[0] for turn in turns]
        seconds = statistics.median(turn[side] for turn in turns) / len(batch)
        found.append(
            Ratio(
                median=statistics.median(ratios),
                least=min(ratios),
                most=max(ratios),
                milliseconds=1000 * seconds,
            )
        )
    return found


def _turn(sides: Sequence[Any], batch: Any, *, first: int) -> list[float]:  # noqa: ANN401
    """The seconds of each side, measured from the side ``first`` on."""
    order = [*range(first, len(sides)), *range(first)]
    taken = {side: _seconds(sides[side], batch) for side in order}
    return [taken[side] for side in range(len(sides))]


def _pixels(files: Sequence[bytes]) -> int:
    height, width = tf.io.extract_jpeg_shape(files[0])[:2].numpy()
    return int(height * width)


def _seconds(side: Any, batch: Any) -> float:  # noqa: ANN401
    begun = time.process_time()
    side(batch).numpy()
    return time.process_time() - begun


def rows() -> list[Row]:
    """All sizes, by both commands."""
    pictures = installed()[:_PHOTOGRAPHS]
    sides = {name: [graphs.batched(one) for one in three] for name, three in _PAIRS.items()}
    found = []
    for size in SIZES:
        files = [jpeg(picture, size, QUALITY) for picture in pictures]
        kilobytes = sum(map(len, files)) / len(files) / 1000
        for name, three in sides.items():
            before, exact, scaled = measured(three, files)
            found.append(
                Row(
                    name=name,
                    size=size,
                    kilobytes=kilobytes,
                    before=before,
                    exact=exact,
                    scaled=scaled,
                )
            )
    return sorted(found, key=lambda row: row.name)


def limits() -> dict[str, Ratio]:
    """What TensorFlow's own options make of the rival at 1024 x 768."""
    files = [jpeg(picture, (1024, 768), QUALITY) for picture in installed()[:_PHOTOGRAPHS]]
    spec = [tf.TensorSpec([None], tf.string)]
    sides = {
        "as before: map_fn, 16 at a time": graphs.batched(graphs.export_before),
        "map_fn, one at a time": graphs.batched(graphs.export_before, parallel=1),
        "vectorized_map": tf.function(graphs.vectorized, input_signature=spec),
        "dct_method INTEGER_FAST": graphs.batched(graphs.jpeg_option(dct_method="INTEGER_FAST")),
        "fancy_upscaling False": graphs.batched(graphs.jpeg_option(fancy_upscaling=False)),
        "floats before resizing": graphs.batched(graphs.as_float),
        "ratio 2, all pixels": graphs.batched(graphs.jpeg_option(ratio=2)),
        "ratio 4, all pixels": graphs.batched(graphs.jpeg_option(ratio=4)),
        "ratio 8, all pixels": graphs.batched(graphs.jpeg_option(ratio=8)),
    }
    return dict(zip(sides, measured(list(sides.values()), files), strict=True))
