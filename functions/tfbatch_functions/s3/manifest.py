"""Reads and writes SageMaker manifests: ``[{"prefix": "s3://bucket/folder/"}, "name", ...]``.

Source: S3DataSource in SageMaker's API reference. A list of ten million names is a gigabyte, so
neither reading nor writing holds a whole manifest.
"""

from __future__ import annotations

import codecs
import json
import re
from typing import TYPE_CHECKING, Any, Final

from tfbatch_functions.s3.location import Location

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SPACE: Final = re.compile(r"[ \t\r\n]*")
_LONGEST: Final = 64 * 1024
"""Characters of an element: at most six for each of a key's 1,024 bytes."""
_decode = json.JSONDecoder().raw_decode
_quote = json.encoder.encode_basestring_ascii


class ManifestError(ValueError):
    """The text is not a manifest."""


class Manifest:
    """A manifest that is being written."""

    __slots__ = ("_text", "count")

    def __init__(self, text: bytes = b"", count: int = 0) -> None:
        """Start empty, or with the :attr:`text` of another manifest."""
        self._text = bytearray(text)
        self.count = count

    def add(self, name: str) -> None:
        """Add an object by its name below the prefix."""
        self._text += b",\n"
        self._text += _quote(name).encode()
        self.count += 1

    def __len__(self) -> int:
        """Bytes of the names."""
        return len(self._text)

    @property
    def text(self) -> bytes:
        """The text of the names, which another manifest can start with."""
        return bytes(self._text)

    def body(self, prefix: Location) -> bytes:
        """The whole manifest."""
        return b"".join((b"[", json.dumps({"prefix": prefix.uri}).encode(), self._text, b"]\n"))


def read_manifest(chunks: Iterable[bytes]) -> tuple[Location, Iterator[str]]:
    """Return the prefix, and an iterator over the names.

    Raises:
        ManifestError: it is not a manifest; may be raised while names are read. Names the
            element.
    """
    elements = _elements(chunks)
    first = next(elements, None)
    if not (isinstance(first, dict) and isinstance(first.get("prefix"), str)):
        raise ManifestError(f'its first element is {_shown(first)}, not {{"prefix": "s3://..."}}')
    try:
        prefix = Location.parse(first["prefix"])
    except ValueError as error:
        raise ManifestError(f"its prefix {error}") from None
    return prefix, _names(elements)


def _names(elements: Iterator[Any]) -> Iterator[str]:
    for number, element in enumerate(elements, start=1):
        if not (isinstance(element, str) and element):
            raise ManifestError(f"element {number} is {_shown(element)}, not the name of an object")
        yield element


def _shown(element: object) -> str:
    return "missing" if element is None else json.dumps(element)[:80]


def _elements(chunks: Iterable[bytes]) -> Iterator[Any]:
    """Yield the elements of a JSON array with only a chunk and an element in memory."""
    text = _Text(chunks)
    if text.next_character() != "[":
        raise ManifestError("it is not a JSON array")
    closing = text.peek() == "]"
    while not closing:
        yield text.value()
        separator = text.next_character()
        if separator not in (",", "]"):
            raise ManifestError(f"{separator!r} stands where ',' or ']' should")
        closing = separator == "]"


class _Text:
    """JSON text that arrives in chunks."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._text = ""
        self._at = 0

    def peek(self) -> str:
        """The next character that is not a space, without consuming it; empty at the end."""
        while True:
            self._at = _SPACE.match(self._text, self._at).end()  # type: ignore[union-attr]
            if self._at < len(self._text) or not self._more():
                return self._text[self._at : self._at + 1]

    def next_character(self) -> str:
        """Consume the next character that is not a space."""
        character = self.peek()
        self._at += 1
        return character

    def value(self) -> Any:  # noqa: ANN401 (any JSON)
        """Consume the next JSON value."""
        self.peek()
        while True:
            try:
                value, end = _decode(self._text, self._at)
            except ValueError as error:
                if len(self._text) - self._at > _LONGEST or not self._more():
                    raise ManifestError(f"it is not JSON: {error}") from None
                continue
            self._at = end
            return value

    def _more(self) -> bool:
        """Read the next chunk; false if there is none."""
        try:
            chunk = next(self._chunks, None)
            added = self._decoder.decode(chunk or b"", final=chunk is None)
        except UnicodeDecodeError as error:
            raise ManifestError(f"it is not UTF-8: {error}") from None
        self._text = self._text[self._at :] + added
        self._at = 0
        return chunk is not None
