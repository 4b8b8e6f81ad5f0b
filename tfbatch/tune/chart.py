"""Draws the rates of a search as SVG."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tfbatch.tune.sweep import Found
    from tfbatch.tune.trial import Trial

_WIDTH, _HEIGHT = 760, 380
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 64, 64, 56
_PLOT_WIDTH, _PLOT_HEIGHT = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
_LINES = 4
_ROUND = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
_STYLE = """
svg{font:13px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
.page{fill:#fff}.ink{fill:#14181f}.soft{fill:#5d6675}.grid{stroke:#e3e6eb}
.rate{fill:none;stroke:#0f766e;stroke-width:2.5;stroke-linejoin:round}.dot{fill:#0f766e}
.wash{fill:#0f766e18}.wait{fill:none;stroke:#b45309;stroke-width:1.5;stroke-dasharray:4 4}
.late{fill:#b45309}.knee{fill:none;stroke:#0f766e;stroke-width:2}
@media(prefers-color-scheme:dark){.page{fill:#0d1117}.ink{fill:#e8ecf1}.soft{fill:#94a0b0}
.grid{stroke:#2a313b}.rate,.knee{stroke:#2dd4bf}.dot{fill:#2dd4bf}.wash{fill:#2dd4bf18}
.wait{stroke:#fbbf24}.late{fill:#fbbf24}}
"""


def svg(found: Found, *, title: str) -> str:
    """Records per second and latency over concurrency, with the knee marked."""
    trials = [trial for trial in found.concurrency if trial.rate]
    top = _round(max(trial.rate for trial in trials) * 1.1)
    slow = _round(max(trial.latency_ms or 0 for trial in trials) * 1.1)
    rates = [(_x(n, trials), _y(trial.rate / top)) for n, trial in enumerate(trials)]
    waits = [
        (_x(n, trials), _y(trial.latency_ms / slow))
        for n, trial in enumerate(trials)
        if trial.latency_ms
    ]
    base = _TOP + _PLOT_HEIGHT
    shape = Markup('<polygon class="wash" points="{}"/>').format(
        _points([(rates[0][0], base), *rates, (rates[-1][0], base)])
    )
    drawn = [
        Markup('<rect class="page" width="{}" height="{}" rx="10"/>').format(_WIDTH, _HEIGHT),
        _text(_LEFT, 30, title, kind="ink", anchor="start", size=16),
        *_grid(top, slow),
        *(_text(_x(n, trials), base + 20, one.knobs.concurrency) for n, one in enumerate(trials)),
        _text(_LEFT + _PLOT_WIDTH / 2, base + 42, "requests at a time (MaxConcurrentTransforms)"),
        shape,
        Markup('<polyline class="wait" points="{}"/>').format(_points(waits)),
        Markup('<polyline class="rate" points="{}"/>').format(_points(rates)),
        *(Markup('<circle class="dot" cx="{}" cy="{}" r="4"/>').format(x, y) for x, y in rates),
        _knee(found.knee, *rates[trials.index(found.knee)]),
    ]
    opening = Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" role="img" aria-label="{}">'
        "<style>{}</style>"
    ).format(_WIDTH, _HEIGHT, title, Markup(_STYLE))  # noqa: S704 # our own
    return opening + Markup("\n").join(drawn) + Markup("</svg>\n")


def _knee(trial: Trial, x: float, y: float) -> Markup:
    words = f"knee: {trial.rate:,.3g} records/s at {trial.knobs.concurrency}"
    anchor = "start" if x < _WIDTH / 2 else "end"
    return Markup('<circle class="knee" cx="{}" cy="{}" r="9"/>{}').format(
        x, y, _text(x, y - 18, words, kind="ink", anchor=anchor, size=14)
    )


def _grid(top: float, slow: float) -> list[Markup]:
    line = Markup('<line class="grid" x1="{}" x2="{}" y1="{}" y2="{}"/>')
    found = [
        _text(_LEFT - 10, _TOP - 14, "records/s", anchor="middle"),
        _text(_LEFT + _PLOT_WIDTH + 12, _TOP - 14, "ms", kind="late", anchor="middle"),
    ]
    for number in range(_LINES + 1):
        share = number / _LINES
        y = _y(share)
        found += [
            line.format(_LEFT, _LEFT + _PLOT_WIDTH, y, y),
            _text(_LEFT - 10, y + 4, f"{top * share:.3g}", anchor="end"),
        ]
        if slow:
            right = _LEFT + _PLOT_WIDTH + 10
            found.append(_text(right, y + 4, f"{slow * share:,.0f}", kind="late", anchor="start"))
    return found


def _text(  # noqa: PLR0913 # of a text in a drawing
    x: float, y: float, text: object, *, kind: str = "soft", anchor: str = "middle", size: int = 13
) -> Markup:
    return Markup(
        '<text class="{}" x="{}" y="{}" text-anchor="{}" font-size="{}">{}</text>'
    ).format(kind, round(x, 1), round(y, 1), anchor, size, text)


def _x(number: int, trials: Sequence[Trial]) -> float:
    return round(_LEFT + _PLOT_WIDTH * (number + 0.5) / len(trials), 1)


def _y(share: float) -> float:
    return round(_TOP + _PLOT_HEIGHT * (1 - share), 1)


def _round(value: float) -> float:
    """The next number with round parts."""
    if value <= 0:
        return 0.0
    part = value / _LINES
    power = 10.0 ** math.floor(math.log10(part))
    return _LINES * power * next(one for one in _ROUND if one * power >= part)


def _points(found: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x},{y}" for x, y in found)
