"""Puts what people can use of TensorFlow's messages first."""

from __future__ import annotations

import re
from typing import Final

_NODE: Final = re.compile(r"\[\[.*?\]\]|\{\{.*?\}\}(?!\])", re.DOTALL)
"""Where in the graph: ``[[{{node decode}}]]``, ``{{function_node …}}``."""


def for_people(message: str) -> str:
    """The sentence, and then the places in the graph."""
    places = _NODE.findall(message)
    sentence = " ".join(_NODE.sub(" ", message).split())
    return f"{sentence} (in the graph: {' '.join(places)})" if places else message
