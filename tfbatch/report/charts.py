"""Draws charts as SVG in the page's colors: areas over time, and columns."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Sequence

_NARROW, _WIDE, _HEIGHT = 560, 1120, 180
_LEFT, _BOTTOM, _TOP, _RIGHT = 44, 24, 10, 8
_PLOT_HEIGHT = _HEIGHT - _TOP - _BOTTOM
_LINES = 3
_MOST_LABELS = 7


def area(values: Sequence[float], *, step: float, unit: str) -> Markup:
    """A chart of values over time.

    Args:
        values: one for each ``step`` seconds.
        step: seconds.
        unit: unit of the values, for screen readers.
    """
    top, plot = _nice(max(values)), _WIDE - _LEFT - _RIGHT
    width = plot / max(len(values), 1)
    points = []
    for number, value in enumerate(values):  # a step for each value: a rate holds for its interval
        y = _y(value, top)
        points += [f"{_LEFT + number * width:.1f},{y:.1f}"]
        points += [f"{_LEFT + (number + 1) * width:.1f},{y:.1f}"]
    base, end = _TOP + _PLOT_HEIGHT, _LEFT + plot
    shape = Markup('<polygon class="area" points="{} {} {}"/><polyline class="line" points="{}"/>')
    drawn = shape.format(f"{_LEFT},{base}", " ".join(points), f"{end},{base}", " ".join(points))
    total = len(values) * step
    ticks = [(_LEFT + plot * n / 6, _clock(total * n / 6)) for n in range(7)]
    return _svg(f"{unit} over {_clock(total)}", _WIDE, top, drawn, ticks)


def columns(counts: Sequence[int], labels: Sequence[str], *, title: str) -> Markup:
    """A column chart of counts.

    Args:
        counts: one for each column.
        labels: below the columns; some are left out if there is no room.
        title: title for screen readers.
    """
    top = _nice(max(counts, default=0))
    width = (_NARROW - _LEFT - _RIGHT) / max(len(counts), 1)
    bar = Markup('<rect class="bar" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>')
    drawn = Markup("").join(
        bar.format(
            f"{_LEFT + number * width + 1:.1f}",
            f"{_y(count, top):.1f}",
            f"{max(width - 2, 1):.1f}",
            f"{_TOP + _PLOT_HEIGHT - _y(count, top):.1f}",
            f"{label}: {count:,}",
        )
        for number, (count, label) in enumerate(zip(counts, labels, strict=True))
    )
    every = math.ceil(len(labels) / _MOST_LABELS)
    ticks = [
        (_LEFT + (number + 0.5) * width, label)
        for number, label in enumerate(labels)
        if number % every == 0
    ]
    return _svg(title, _NARROW, top, drawn, ticks)


def _svg(
    title: str, width: int, top: float, drawn: Markup, ticks: Sequence[tuple[float, str]]
) -> Markup:
    grid = Markup("").join(
        Markup(
            '<line class="grid" x1="{}" x2="{}" y1="{}" y2="{}"/>'
            '<text class="tick" x="{}" y="{}" text-anchor="end">{}</text>'
        ).format(
            *(_LEFT, width - _RIGHT, f"{_y(value, top):.1f}", f"{_y(value, top):.1f}"),
            *(_LEFT - 6, f"{_y(value, top) + 3.5:.1f}", _short(value)),
        )
        for value in (top * n / _LINES for n in range(_LINES + 1))
    )
    below = Markup("").join(
        Markup('<text class="tick" x="{}" y="{}" text-anchor="{}">{}</text>').format(
            f"{min(x, width - _RIGHT):.1f}", _HEIGHT - 6, _anchor(x, width), label
        )
        for x, label in ticks
    )
    return Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}">{}{}{}</svg>').format(
        width, _HEIGHT, title, grid, drawn, below
    )


def _anchor(x: float, width: int) -> str:
    return "end" if x > width - _RIGHT - 1 else "start" if x <= _LEFT else "middle"


def _y(value: float, top: float) -> float:
    return _TOP + _PLOT_HEIGHT * (1 - value / top)


def _nice(value: float) -> float:
    """The next number whose thirds are easy to read."""
    if value <= _LINES:
        return float(_LINES)
    power = 10.0 ** math.floor(math.log10(value))
    return next(
        power * f for f in (1.2, 1.5, 1.8, 2.4, 3, 4.5, 6, 7.5, 9, 12) if power * f >= value
    )


def _short(value: float) -> str:
    """At most four characters: ``1.2k``."""
    for size, suffix in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g}{suffix}"
    return f"{value:.3g}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
