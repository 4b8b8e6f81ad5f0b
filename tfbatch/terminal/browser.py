"""Takes screenshots of pages with a headless browser, for pictures and tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path

VARIABLE = "TFBATCH_BROWSER"
"""Names a Chromium-based program, if it isn't found."""
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "msedge")
_PATIENCE_SECONDS = 90


@dataclass(frozen=True, slots=True)
class Browser:
    """A program that takes Chromium's options."""

    program: str

    @classmethod
    def find(cls) -> Self | None:
        """Find the machine's browser, or ``None``."""
        names = (os.environ.get(VARIABLE), *_NAMES)
        found = (shutil.which(name) for name in names if name)
        program = next(filter(None, found), None)
        return cls(program) if program else None

    def document(self, page: Path, *, fragment: str = "") -> str:
        """The page's HTML after its scripts have run."""
        return self._run("--dump-dom", f"{page.resolve().as_uri()}#{fragment}")

    def picture(
        self, page: Path, to: Path, *, size: tuple[int, int], scale: float = 1, dark: bool = False
    ) -> None:
        """A PNG of the top of the page.

        Args:
            page: an HTML file.
            to: the PNG.
            size: width and height of the window, in CSS pixels.
            scale: PNG pixels for each CSS pixel.
            dark: with the dark color scheme.
        """
        self._run(
            f"--screenshot={to.resolve()}",
            f"--window-size={size[0]},{size[1]}",
            f"--force-device-scale-factor={scale}",
            "--hide-scrollbars",
            *(("--force-dark-mode", "--blink-settings=preferredColorScheme=0") if dark else ()),
            page.resolve().as_uri(),
        )

    def _run(self, *arguments: str) -> str:
        # Its sandbox needs privileges that containers lack. The pages are our own.
        with tempfile.TemporaryDirectory(prefix="tfbatch-browser-") as profile:
            done = subprocess.run(
                [
                    *(self.program, "--headless", "--no-sandbox", "--disable-gpu"),
                    *("--disable-dev-shm-usage", "--virtual-time-budget=5000"),
                    *(f"--user-data-dir={profile}", *arguments),
                ],
                capture_output=True,
                text=True,
                check=True,
                timeout=_PATIENCE_SECONDS,
            )
        return done.stdout
