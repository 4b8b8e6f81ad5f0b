"""One setting as an environment variable: its name, its parser and its allowed values."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class SettingError(ValueError):
    """A setting has a value that the handler can't use. The message names both and the remedy."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """The allowed values of a setting."""

    wants: str
    """For messages: ``a whole number of at least 1``."""
    read: Callable[[str], Any]
    """Parse a text; raises ValueError if it isn't allowed."""
    write: Callable[[Any], str]

    def admits(self, value: object) -> bool:
        """Whether a value survives writing and reading."""
        try:
            found = self.read(self.write(value))
        except (ValueError, TypeError):
            return False
        return bool(found == value)


@dataclass(frozen=True, kw_only=True, slots=True)
class Variable:
    """An environment variable of a kind."""

    name: str
    kind: Kind

    def read(self, text: str) -> Any:  # noqa: ANN401  of the setting's type
        """The setting's value.

        Raises:
            SettingError: names the variable, the text and the remedy.
        """
        try:
            return self.kind.read(text)
        except ValueError:
            raise SettingError(f"{self.name} is {text!r}: set it to {self.kind.wants}") from None


def choice(choices: Sequence[str]) -> Kind:
    """One of several words."""

    def read(text: str) -> str:
        if text not in choices:
            raise ValueError
        return text

    return Kind(wants=f"one of {', '.join(choices)}", read=read, write=str)


def text() -> Kind:
    """Any text but none."""

    def read(text: str) -> str:
        if not text:
            raise ValueError
        return text

    return Kind(wants="a name", read=read, write=str)


def whole_number() -> Kind:
    """1, 2, 3 and so on."""

    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and int(text)):
            raise ValueError
        return int(text)

    return Kind(wants="a whole number of at least 1", read=read, write=str)


def file_name() -> Kind:
    """A file of the artifact's ``code/``."""

    def read(text: str) -> str:
        if not text or text.startswith("/") or ".." in text.split("/") or "\0" in text:
            raise ValueError
        return text

    return Kind(wants="the name of a file in code/", read=read, write=str)


def names(*, like: str) -> Kind:
    """Names by names, as a JSON object."""

    def read(text: str) -> dict[str, str]:
        value = json.loads(text)
        if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
            raise ValueError
        return value

    return Kind(
        wants=f"a JSON object of strings, {like}",
        read=read,
        write=lambda value: json.dumps(dict(value)),
    )
