"""Renders a run as a self-contained HTML page."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from tfbatch.report import charts, words
from tfbatch.report.inputs import Input
from tfbatch.report.tally import BINS

if TYPE_CHECKING:
    from tfbatch.report.facts import Facts
    from tfbatch.report.tally import Shown

_HERE = Path(__file__).parent
_CLASSES = 14
_POINTS = 120
_SHOWN_TEXT = 400


@dataclass(frozen=True, kw_only=True, slots=True)
class Card:
    """A record on the page."""

    input: Input
    shown: Shown
    prediction: str
    """As JSON, if it is not a classification."""


def page(facts: Facts) -> str:
    """The whole page. Every value is escaped, and the browser may load nothing."""
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    script = (_HERE / "page.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    tally = facts.tally
    cards = [_card(one, facts) for one in tally.shown()]
    return environment.get_template("page.html.j2").render(
        facts=facts,
        tally=tally,
        style=Markup((_HERE / "page.css").read_text(encoding="utf-8")),  # noqa: S704 # our own
        script=Markup(script),  # noqa: S704 # our own
        script_digest=digest,
        tiles=words.tiles(facts),
        verdict=words.verdict(facts.summary),
        details=words.details(facts),
        jobs=facts.snapshot.jobs if facts.snapshot else (),
        seconds=words.seconds,
        money=words.money,
        cards=cards,
        labels=sorted({card.shown.guesses[0].label for card in cards if card.shown.guesses}),
        has_images=any(card.input.image for card in cards),
        classes=_classes(tally.classes.most_common(_CLASSES)),
        more_classes=max(len(tally.classes) - _CLASSES, 0),
        throughput=_throughput(facts),
        latency=_latency(facts),
        confidence=_confidence(facts),
        numbers=_numbers(facts),
    )


def _card(shown: Shown, facts: Facts) -> Card:
    row = shown.row
    last = row.input.rpartition("/")[2]
    name = f"{last} #{row.record}" if row.record else last
    found = facts.inputs.get((row.input, row.record or 0), Input(name=name))
    text = "" if shown.guesses else json.dumps(row.prediction, ensure_ascii=False)
    return Card(input=found, shown=shown, prediction=text[:_SHOWN_TEXT])


def _classes(found: list[tuple[str, int]]) -> list[tuple[str, int, float]]:
    """Label, count, and the width of its bar in percent of the longest."""
    most = max((count for _, count in found), default=1)
    return [(label, count, 100 * count / most) for label, count in found]


def _throughput(facts: Facts) -> Markup | None:
    step, rates = facts.timeline.series(_POINTS)
    return charts.area(rates, step=step, unit="records per second") if rates else None


def _latency(facts: Facts) -> Markup | None:
    requests = facts.timeline.requests
    if not requests:
        return None
    waits = facts.timeline.waits()
    labels = [words.wait(one) for one in waits]
    counts = [requests[one] for one in waits]
    return charts.columns(counts, labels, title="Requests by the time they took")


def _confidence(facts: Facts) -> Markup | None:
    if not facts.tally.classes:
        return None
    labels = [f"{100 * number // BINS} %" for number in range(BINS)]
    title = "Records by the probability of their likeliest class"
    return charts.columns(facts.tally.confidence, labels, title=title)


def _numbers(facts: Facts) -> list[tuple[str, Any]]:
    """A histogram of each output that is one number."""
    found = []
    for name, kept in facts.tally.numbers.items():
        values = kept.items()
        low, high = min(values), max(values)
        counts = [0] * BINS
        for value in values:
            counts[min(int((value - low) / ((high - low) or 1) * BINS), BINS - 1)] += 1
        labels = [f"{low + (high - low) * number / BINS:.3g}" for number in range(BINS)]
        found.append((name, charts.columns(counts, labels, title=f"Records by {name}")))
    return found
