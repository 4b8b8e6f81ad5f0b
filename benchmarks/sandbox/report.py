"""The sandbox's tables, for the terminal and for docs/benchmarks.md."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from benchmarks import document
from benchmarks.document import machine, mark

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.sandbox.rivals.settings import Found

_METHODS = {
    "speed": """## Sandbox: speed

`make bench-sandbox`. A transform job's throughput against a bare `tf.data` loop in batches of 16
over the same SavedModel and files, and against Ray Data's `map_batches` and `write_json`. Each side
is measured from when its first batches are predicted, for which TensorFlow prepares the graph, to
its end: of the loop, which keeps nothing, the last prediction; of Ray its last file; of the job the
end that SageMaker's API tells. The job runs two batches at a time with a thread each
(`SAGEMAKER_TFS_INTRA_OP_PARALLELISM=1`). The rivals have the thread settings at which each was
fastest on JPEG files, of those listed. The sides take turns on one machine, so that what else it
does slows them all. Rates are medians. Ratios are medians of those of the turns, with the least and
the most: if 1 is between these, it is a tie.""",
    "memory": """## Sandbox: memory

`make bench-sandbox`. Peak memory of the transform job's engine, without what it shares with other
processes, over a real S3 API and the real container with a handler that answers a constant.""",
}


_LEAST_OF_RAY = 1.1


@dataclass(slots=True)
class Rates:
    """Records per second of each side, by turn."""

    bare: list[float] = field(default_factory=list)
    ours: list[float] = field(default_factory=list)
    ray: list[float] = field(default_factory=list)

    def of(self, rival: str) -> list[float]:
        """Those of a rival by its name."""
        return {"bare": self.bare, "ray": self.ray}[rival]


def table(
    rates: Mapping[tuple[str, str], Rates],
    settings: Mapping[tuple[str, str], Found],
    limits: Mapping[str, float],
    *,
    records: int,
    turns: int,
) -> str:
    """Medians of records per second, the ratios to the rivals, and the rivals' settings."""
    lines = [f"{records:,} records, {turns} turns. Measured on {machine()}.", ""]
    lines += ["| model | data | bare loop/s | sandbox/s | Ray Data/s | of the bare loop | target |"]
    lines[-1] += " of Ray Data | target |"
    lines += ["| --- | --- | ---: | ---: | ---: | --- | --- | --- | --- |"]
    for (model, kind), rate in rates.items():
        cells = [model, kind, _median(rate.bare), _median(rate.ours), _median(rate.ray)]
        cells += _compared(rate.ours, rate.bare, limits[model])
        cells += _compared(rate.ours, rate.ray, _LEAST_OF_RAY)
        lines.append(f"| {' | '.join(cells)} |")
    searched = [f"- {name}, {model}: {found}" for (name, model), found in settings.items()]
    return "\n".join([*lines, "", "The rivals' settings, the best first:", "", *searched])


def _median(rates: Sequence[float]) -> str:
    return f"{statistics.median(rates):.1f}" if rates else "not run"


def _compared(ours: Sequence[float], theirs: Sequence[float], limit: float) -> tuple[str, str]:
    """The ratio with its spread, and whether it reaches the limit."""
    if not theirs or not all(theirs):
        return "not run", ""
    ratios = [own / other for own, other in zip(ours, theirs, strict=True)]
    middle = statistics.median(ratios)
    tie = ", a tie" if min(ratios) <= 1 <= max(ratios) else ""
    spread = f"{min(ratios):.2f}-{max(ratios):.2f}"
    return f"{middle:.2f} ({spread}){tie}", f"{limit} {mark(middle >= limit)}"


def starts(*, sandbox: float, job: float) -> str:
    """What a person waits before the first record."""
    return (
        f"Cold start of the sandbox, to its first answers of S3, IAM and SageMaker: {sandbox:.1f} s"
        f" (target: 8). Of a transform job, from its request to its first record: {job:.1f} s"
        " (target: 12)."
    )


def write(name: str, sections: Sequence[str]) -> None:
    """Write a section of docs/benchmarks.md."""
    document.write(f"sandbox {name}", "\n\n".join([_METHODS[name], *sections]))
