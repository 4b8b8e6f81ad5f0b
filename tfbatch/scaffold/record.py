"""What ``tfbatch init`` wrote, at the end of the project's ``pyproject.toml``.

A later ``tfbatch init --upgrade`` finds out by it which files their owner has changed.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tfbatch.terminal.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_MARK = "# Written by `tfbatch init`, which compares the files with it when you upgrade.\n"
FILE = "pyproject.toml"


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """The choices at ``tfbatch init``, and a digest of each file as it was written."""

    version: str
    model: str
    """The model that the stages serve; empty for the demo's."""
    files: Mapping[str, str]
    """Path -> SHA-256."""

    def appended(self, text: str) -> str:
        """The text of ``pyproject.toml`` with this record at its end."""
        rows = "".join(f'"{path}" = "{digest}"\n' for path, digest in self.files.items())
        return (
            f"{without(text)}\n{_MARK}[tool.tfbatch]\n"
            f'version = "{self.version}"\nmodel = "{self.model}"\n\n'
            f"[tool.tfbatch.files]\n{rows}"
        )


def without(text: str) -> str:
    """The text of ``pyproject.toml`` without the record."""
    return text.partition(_MARK)[0].rstrip("\n") + "\n"


def read(project: Path) -> tuple[Record, str]:
    """The record of a project, and the project's name.

    Raises:
        Problem: there is none: ``tfbatch init`` didn't make the project.
    """
    file = project / FILE
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
        return Record(**document["tool"]["tfbatch"]), document["project"]["name"]
    except (FileNotFoundError, KeyError, TypeError):
        raise Problem(
            f"{file} has no [tool.tfbatch] as 'tfbatch init' writes it: upgrade a project that it "
            "made, or make a new one beside this and compare."
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise Problem(f"{file} isn't valid TOML: {error}") from None
