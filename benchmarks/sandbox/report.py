"""The sandbox's tables, for the terminal and for docs/benchmarks.md."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from benchmarks import document
from benchmarks.document import mark

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


_METHODS = {
    "speed": """## Sandbox: speed

`make bench-sandbox`. A transform job's throughput, from when its model is loaded to its end,
against a bare `tf.data` loop in batches of 16 over the same SavedModel and files (after one batch
that traces the graph), and against Ray Data's `map_batches` and `write_json` (from the first batch
that reaches its actor, which has its model, to its last file). The bare loop keeps nothing. The
job runs two batches at a time with a thread each
(`SAGEMAKER_TFS_INTRA_OP_PARALLELISM=1`); the rivals have TensorFlow's own choice. The sides take
turns on one machine, so that what else it does slows them all.""",
    "memory": """## Sandbox: memory

`make bench-sandbox`. Peak memory of the transform job's engine, without what it shares with other
processes, over a real S3 API and the real container with a handler that answers a constant.""",
}


@dataclass(slots=True)
class Rates:
    """Records per second of each side, by turn."""

    bare: list[float] = field(default_factory=list)
    ours: list[float] = field(default_factory=list)
    ray: list[float] = field(default_factory=list)


def table(
    rates: Mapping[tuple[str, str], Rates], limits: Mapping[str, float], *, records: int, turns: int
) -> str:
    """Medians of records per second, and the ratio to the bare loop with its limit."""
    lines = [f"{records:,} records, the median of {turns} turns.", ""]
    lines += ["| model | data | bare loop/s | sandbox/s | Ray Data/s | sandbox / bare | target |"]
    lines += ["| --- | --- | ---: | ---: | ---: | ---: | ---: |"]
    for (model, kind), rate in rates.items():
        bare, ours = statistics.median(rate.bare), statistics.median(rate.ours)
        ray = f"{statistics.median(rate.ray):.1f}" if rate.ray else "not run"
        ratio, limit = ours / bare, limits[model]
        verdict = f"{limit} {mark(ratio >= limit)}"
        lines.append(
            f"| {model} | {kind} | {bare:.1f} | {ours:.1f} | {ray} | {ratio:.2f} | {verdict} |"
        )
    return "\n".join(lines)


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
