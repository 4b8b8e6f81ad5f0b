"""Decoders: payloads to records. A file for each format, chosen by Content-Type.

A format is a module with ``CONTENT_TYPES`` and a function ``decode(payload, request)`` that returns
a list of records. The library's are in this package. A project adds its own as files in
``model_code/formats/``. Nothing else changes.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import unquote

from tfbatch_handler.record import Keyed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from types import ModuleType

    from tfbatch_handler.record import Decoded, Document
    from tfbatch_handler.signature import Signature


class UnknownFormatError(ValueError):
    """No format is registered for a Content-Type."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Request:
    """What a decoder needs besides the payload. Requests of one Content-Type share one.

    It is hashed by its identity, so that what a decoder prepares for it can be cached.
    """

    signature: Signature
    features: Mapping[str, str]
    """Signature input -> tf.Example feature, if their names differ."""
    parameters: Mapping[str, str]
    """Parameters of the Content-Type: ``header=present`` of ``text/csv; header=present``."""

    @property
    def keys(self) -> tuple[str, ...]:
        """Fields that come back in each record's line: ``keys=id`` of the Content-Type."""
        if "keys" not in self.parameters:
            return ()
        return tuple(unquote(name) for name in self.parameters["keys"].split(",") if name)

    @property
    def columns(self) -> list[str]:
        """Names of a CSV's columns, if the Content-Type gives them: ``columns=age,income``."""
        return [unquote(name) for name in self.parameters.get("columns", "").split(",") if name]

    def keyed(self, fields: Mapping[str, Any], record: Decoded) -> Decoded | Keyed:
        """The record with its key fields, if there are any."""
        if not self.keys:
            return record
        return Keyed(key={name: fields.get(name) for name in self.keys}, record=record)


class Format(Protocol):
    """A module of a format."""

    CONTENT_TYPES: tuple[str, ...]
    """Lower case. ``image/*`` matches every subtype without a format of its own."""

    def decode(self, payload: bytes, request: Request) -> list[Decoded | Keyed] | Document:
        """Decode a payload into its records, in order. A bad one becomes a ``BadRecord``.

        A format whose records have fields returns ``request.keyed(fields, record)``.
        """
        ...


def load(own: Path | None = None) -> dict[str, Format]:
    """Import every format and list them by content type.

    Args:
        own: a folder with formats of a project, which take precedence. Modules whose names start
            with an underscore are no formats.
    """
    modules: list[Format] = [
        importlib.import_module(f"{__name__}.{name}")
        for name in sorted(module.name for module in pkgutil.iter_modules(__path__))
    ]
    if own is not None:
        modules += [_import(path) for path in sorted(own.glob("[!_]*.py"))]
    return {kind: module for module in modules for kind in module.CONTENT_TYPES}


def _import(path: Path) -> ModuleType:
    """Import a file; in a package of this name, so that it can't shadow another module."""
    name = f"{__name__}.own.{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python module")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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
