"""The page can be read, by day and by night."""

from __future__ import annotations

import re
from importlib import resources

import pytest

LEAST_CONTRAST = 4.5
"""Of small text: WCAG 2.2, success criterion 1.4.3."""
ON = {
    "ink": ("paper", "ground", "came", "went", "attention-soft"),
    "soft": ("paper", "ground", "fine-soft", "attention-soft", "destructive-soft"),
    "faint": ("paper", "ground", "went"),
    "fine": ("fine-soft",),
    "attention": ("attention-soft",),
    "destructive": ("destructive-soft",),
    "came-ink": ("came", "paper"),
    "went-ink": ("went", "paper"),
    "blue": ("paper",),
}
"""Each colour of text, and what it stands on."""


def _colours(scheme: str) -> dict[str, str]:
    page = resources.files("tfbatch.review.render").joinpath("page.html.j2").read_text()
    light, dark = re.findall(r":root \{(.*?)\}", page, re.DOTALL)[:2]
    return dict(re.findall(r"--([\w-]+): (#\w+)", dark if scheme == "dark" else light))


def _luminance(colour: str) -> float:
    """WCAG's relative luminance."""
    digits = colour.removeprefix("#")
    digits = "".join(one * 2 for one in digits) if len(digits) == len("fff") else digits
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return sum(weight * one for weight, one in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(scheme: str) -> None:
    colours = _colours(scheme)
    for text, grounds in ON.items():
        for ground in grounds:
            first, second = _luminance(colours[text]), _luminance(colours[ground])
            contrast = (max(first, second) + 0.05) / (min(first, second) + 0.05)
            assert contrast >= LEAST_CONTRAST, (text, ground, contrast)
