"""The tables of decoding, for the terminal and for docs/benchmarks.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks import document
from benchmarks.decode.accuracy import ENOUGH
from benchmarks.decode.speed import NEVER_ABOVE, QUALITY, TARGETS, TURNS, TURNS_OF_SMALL
from benchmarks.document import machine, mark

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.decode.accuracy import Agreement
    from benchmarks.decode.speed import Ratio, Row

_METHOD = f"""## Decoding

`make bench-decode`. Processor time per picture to decode, crop and resize to 224 x 224 on one
core, as a ratio to the same with all pixels decoded (before), in one run: medians of {TURNS} turns,
of small pictures {TURNS_OF_SMALL},
with the least and the most. The pictures are six photographs from packages, enlarged or made
smaller, at quality {QUALITY}, 4:2:0. Enlarged ones have fewer bytes than a camera's, and the bytes
are read whole in any case: with more of them the ratio is nearer to 1."""
_ACCURACY = """### What scaling changes

EfficientNet-Lite0 with its ImageNet weights over {photographs} photographs from packages (20 of
them of ImageNet, 512 pixels wide), each cropped by chance and resized to six sizes (shorter side
375 to 2,160) at qualities 75, 85 and 95. The difference is the largest of a picture's 1,000
probabilities. The last row is a yardstick: the same pictures, encoded once more."""


def tables(
    rows: Sequence[Row], limits: Mapping[str, Ratio], photographs: int, found: Sequence[Agreement]
) -> str:
    """All tables."""
    return "\n\n".join(
        (
            f"Measured on {machine()}.",
            "\n".join(_speed(rows)),
            "### TensorFlow's own options, export, 1024 x 768",
            "\n".join(_limits(limits)),
            _ACCURACY.format(photographs=photographs),
            "\n".join(_accuracy(found)),
        )
    )


def _speed(rows: Sequence[Row]) -> list[str]:
    head = ["| command | picture | KB | before ms | exact | scaled | target |"]
    head += ["| --- | --- | ---: | ---: | ---: | ---: | --- |"]
    return head + [_row(row) for row in rows]


def _row(row: Row) -> str:
    width, height = row.size
    target = TARGETS.get(row.size)
    reached = max(row.exact.median, row.scaled.median) <= NEVER_ABOVE
    marks = f"{NEVER_ABOVE} {mark(reached)}"
    if target is not None:
        marks += f", scaled {target} {mark(row.scaled.median <= target)}"
    return (
        f"| {row.name} | {width} x {height} | {row.kilobytes:,.0f} | "
        f"{row.before.milliseconds:.2f} | {_ratio(row.exact)} | {_ratio(row.scaled)} | {marks} |"
    )


def _ratio(found: Ratio) -> str:
    return f"{found.median:.2f} ({found.least:.2f}-{found.most:.2f})"


def _limits(limits: Mapping[str, Ratio]) -> list[str]:
    lines = ["| graph | ms | ratio |", "| --- | ---: | ---: |"]
    return lines + [
        f"| {name} | {one.milliseconds:.2f} | {_ratio(one)} |" for name, one in limits.items()
    ]


def _accuracy(found: Sequence[Agreement]) -> list[str]:
    lines = ["| pixels | pictures | same class | mean difference | 95 % below | most |"]
    lines += ["| --- | ---: | ---: | ---: | ---: | ---: |"]
    lines += [
        f"| {one.name} | {one.pictures:,} | {one.same:.1%} | {one.mean:.3f} | {one.p95:.3f} | "
        f"{one.most:.2f} |"
        for one in found
    ]
    smaller = next(one for one in found if one.name.endswith("decoded smaller"))
    verdict = "could be" if smaller.same >= ENOUGH else "is not"
    return [
        *lines,
        "",
        f"`scaled` {verdict} the default: {ENOUGH:.0%} of what is decoded smaller must agree.",
    ]


def write(section: str) -> None:
    """Write the section of docs/benchmarks.md."""
    document.write("decoding", f"{_METHOD}\n\n{section}")
