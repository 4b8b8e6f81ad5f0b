"""Decoders: payloads to records. A file for each format, chosen by Content-Type.

A format is a module in this package with ``CONTENT_TYPES`` and a function ``decode(payload,
request)`` that returns a list of records. To add a format, add a file. Nothing else changes.
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tfbatch_handler.record import Decoded, Document
    from tfbatch_handler.signature import Signature


class UnknownFormatError(ValueError):
    """No format is registered for a Content-Type."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What a decoder needs besides the payload."""

    signature: Signature
    features: Mapping[str, str]
    """Signature input -> tf.Example feature, if their names differ."""
    parameters: Mapping[str, str]
    """Parameters of the Content-Type: ``header=present`` of ``text/csv; header=present``."""


class Format(Protocol):
    """A module in this package."""

    CONTENT_TYPES: tuple[str, ...]
    """Lower case. ``image/*`` matches every subtype without a format of its own."""

    def decode(self, payload: bytes, request: Request) -> list[Decoded] | Document:
        """Decode a payload into its records, in order. A bad one becomes a ``BadRecord``."""
        ...


def load() -> dict[str, Format]:
    """Import every format in this folder and list them by content type."""
    found: dict[str, Format] = {}
    for name in sorted(module.name for module in pkgutil.iter_modules(__path__)):
        module: Format = importlib.import_module(f"{__name__}.{name}")
        found |= dict.fromkeys(module.CONTENT_TYPES, module)
    return found


def choose(formats: Mapping[str, Format], content_type: str) -> tuple[str, Format, dict[str, str]]:
    """Parse a Content-Type header: the type, its format and its parameters.

    Raises:
        UnknownFormatError: there is no format for it; the message lists all.
    """
    kind, *parameters = (part.strip() for part in content_type.split(";"))
    kind = kind.lower()
    chosen = formats.get(kind) or formats.get(kind.partition("/")[0] + "/*")
    if chosen is None:
        raise UnknownFormatError(
            f"no format for Content-Type {content_type!r}: set the job's ContentType to one of "
            f"{', '.join(sorted(formats))}, or add a format of your own"
        )
    return kind, chosen, dict(_parameters(parameters))


def _parameters(parts: Iterable[str]) -> Iterable[tuple[str, str]]:
    for part in parts:
        name, _, value = part.partition("=")
        yield name.strip().lower(), value.strip().strip('"')
