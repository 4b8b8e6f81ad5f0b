"""Searches the thread settings at which a rival is fastest."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_HERE = Path(__file__).parent
_TRIED_AGAIN = 3
_QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "RAY_DATA_DISABLE_PROGRESS_BARS": "1"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """Threads of a rival."""

    intra: int = 0
    """Threads of one operation; 0 for TensorFlow's own choice."""
    inter: int = 0
    """Operations at a time; 0 for TensorFlow's own choice."""
    callers: int = 1
    """Batches at a time; of Ray, actors."""

    def __str__(self) -> str:
        """In a few words."""
        words = [f"intra {self.intra or 'own'}", f"inter {self.inter or 'own'}"]
        return ", ".join([*words, f"{self.callers} at a time"])


def candidates() -> tuple[Settings, ...]:
    """TensorFlow's own choice, few operations with all cores each, and batches side by side."""
    cores = os.cpu_count() or 1
    return (
        Settings(),
        Settings(intra=cores, inter=1),
        Settings(intra=cores, inter=cores),
        Settings(intra=1, inter=cores),
        Settings(intra=cores, inter=1, callers=2),
        Settings(intra=1, inter=cores, callers=cores),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Rival:
    """A program that predicts a directory's records."""

    script: str
    packages: Path | None = None
    """Where its own packages are."""

    def rate(self, version: Path, directory: Path, settings: Settings, *, records: int) -> float:
        """Its records per second; 0 when it fails."""
        path = {} if self.packages is None else {"PYTHONPATH": str(self.packages)}
        threads = (settings.intra, settings.inter, settings.callers, records)
        command = [sys.executable, str(_HERE / self.script), str(version), str(directory)]
        done = subprocess.run(
            [*command, *map(str, threads)],
            env=os.environ | _QUIET | path,
            stdout=subprocess.PIPE,
            check=False,
        )
        if done.returncode:
            return 0.0
        told = json.loads(done.stdout.splitlines()[-1])
        return float(told["records"] / told["seconds"])

    def best(self, version: Path, directory: Path, *, records: int) -> Found:
        """Try all settings once, and the best of them once more."""
        found = Found(tried={one: [] for one in candidates()})
        for one in candidates():
            found.tried[one].append(self.rate(version, directory, one, records=records))
        for one in found.order()[:_TRIED_AGAIN]:
            found.tried[one].append(self.rate(version, directory, one, records=records))
        return found


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """The result of a search."""

    tried: dict[Settings, list[float]]
    """Records per second of each time that settings were tried."""

    def order(self) -> list[Settings]:
        """The settings, those of the highest rate first."""
        return sorted(self.tried, key=lambda one: -max(self.tried[one]))

    @property
    def best(self) -> Settings:
        """The settings of the highest rate."""
        return self.order()[0]

    def __str__(self) -> str:
        """All settings, the best first."""
        return "; ".join(f"{one}: {max(self.tried[one]):.1f}/s" for one in self.order())
