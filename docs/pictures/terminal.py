"""Runs a command in a terminal of its own, and draws what the terminal shows as SVG."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import termios
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_ROWS, _COLUMNS = 50, 120
_UP, _ERASE = "\x1b[1A", "\x1b[2K"
_CONTROL = re.compile(r"(\n|\r|\x1b\[1A|\x1b\[2K)")
"""All that rich moves the cursor with."""
_CURSOR = re.compile(r"\x1b\[\?25[lh]")
_FONT = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
"""Rich's SVG asks a server for its font; a reader's own will do."""


def record(command: Sequence[str], *, environment: dict[str, str], cwd: Path) -> str:
    """Run a command to its end in a pseudo-terminal and return all that it wrote."""
    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, _COLUMNS, 0, 0))
    more = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "COLUMNS": str(_COLUMNS)}
    process = subprocess.Popen(
        list(command), env=environment | more, cwd=cwd, stdin=child, stdout=child, stderr=child
    )
    os.close(child)
    with os.fdopen(parent, "rb", buffering=0) as terminal:
        said = b""
        while chunk := _read(terminal.fileno()):
            said += chunk
    process.wait()
    return said.decode()


def _read(descriptor: int) -> bytes:
    """A closed pseudo-terminal is an error on Linux and an end elsewhere."""
    try:
        return os.read(descriptor, 65536)
    except OSError:
        return b""


def frames(said: str) -> list[str]:
    """What the screen showed, before each redrawing and at the end; colors as they came."""
    lines, row, shown = [""], 0, []
    for part in _CONTROL.split(_CURSOR.sub("", said)):
        if part == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif part == _UP:
            row -= 1
        elif part == _ERASE:
            if lines[row]:
                shown.append("\n".join(lines))
            lines[row] = ""
        elif part != "\r":  # which rich writes only where it erases the line
            lines[row] += part
    return [*shown, "\n".join(lines).rstrip()]


def draw(shown: str, *, title: str, to: Path) -> None:
    """Write a picture of a terminal.

    Args:
        shown: text with ANSI's colors.
        title: of its window.
        to: gets the SVG.
    """
    console = Console(record=True, width=_COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(shown), soft_wrap=False)
    to.write_text(_FONT.sub("", console.export_svg(title=title)))
