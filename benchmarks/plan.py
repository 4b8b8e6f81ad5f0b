"""Planning over ten million keys: memory flat, time linear, the same shards from any page on.

A stub stands for S3 and answers at once, so that what is measured is the function's own: the time
of the processor, which a busy machine doesn't change much, and memory. Each size is planned in a
process of its own, whose peak of resident memory is taken from the kernel. The promises: at most
256 MB; time a key at ten million at most 1.5 times that at one; the same shards when every call is
stopped at another page.

``make bench-plan`` prints the table and writes it into ``docs/benchmarks.md``.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import resource
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from benchmarks import document
from tfbatch_functions.s3.storage import PAGE, Found

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from tfbatch_functions.s3.location import Location

ORDINARY, LONGEST = 40, 1024
"""Bytes of a key."""
SIZES = (
    (100_000, ORDINARY),
    (1_000_000, ORDINARY),
    (2_500_000, ORDINARY),
    (5_000_000, ORDINARY),
    (10_000_000, ORDINARY),
    (1_000_000, LONGEST),
)
LISTED = ((100_000, ORDINARY), (100_000, LONGEST), (1_000_000, LONGEST))
"""Of manifests."""
FOLDER = "all/"
MANIFEST = "s3://photos/all.manifest"
RESTARTED = 1_000_000
STOPS = (1, 7, 100, 333)
"""Pages after which a call is out of time."""
LIMIT_MB = 256
LIMIT_RATIO = 1.5
PER_SHARD = 100_000


@dataclass(slots=True)
class Stub:
    """So many keys, made as they are listed; what is written is only digested."""

    count: int
    length: int = ORDINARY
    written: dict[str, str] = field(default_factory=dict)
    kept: dict[str, bytes] = field(default_factory=dict)
    """What a call leaves for the next."""

    def page(self, prefix: Location, *, after: str) -> tuple[list[Found], bool]:
        """As ``list_objects_v2``: a thousand at a time."""
        start = int(after[-12:-4]) + 1 if after else 0
        end = min(start + PAGE, self.count)
        names = [self._name(number) for number in range(start, end)]
        found = [Found(f"{prefix.key}{name}", _size(name)) for name in names]
        return found, end < self.count

    def _name(self, number: int) -> str:
        return f"{'-' * (self.length - len(FOLDER) - len('/00000000.jpg'))}/{number:08}.jpg"

    def head(self, location: Location) -> tuple[Found, Mapping[str, str]] | None:
        """Of an object that a manifest names."""
        return Found(location.key, _size(location.key)), {}

    def read(
        self, location: Location, *, first: int = 0, last: int | None = None
    ) -> Iterator[bytes]:
        """What was left, or the manifest."""
        if location.uri == MANIFEST:
            yield b'[{"prefix": "s3://photos/%b"}' % FOLDER.encode()
            yield from (b', "%b"' % self._name(number).encode() for number in range(self.count))
            yield b"]"
            return
        yield self.kept[location.key][first : None if last is None else last + 1]

    def put(self, location: Location, body: bytes) -> None:
        """Keep what is to be read again, and a digest of everything else."""
        if "/plan/" in location.key:
            self.kept[location.key] = body
        else:
            self.written[location.key] = hashlib.sha256(body).hexdigest()


def _size(name: str) -> int:
    return 90_000 + int(name[-12:-4]) % 9973


def event(uri: str, cursor: object = None) -> dict[str, Any]:
    """Of a night's photos."""
    return {
        "run": {
            "execution": "night",
            "input": uri,
            "output": "s3://predictions/night/",
            "work": "s3://work/executions/night/",
            "format": "jpeg",
            "splitType": "None",
            "started": "2026-11-22T00:00:00Z",
        },
        "limits": {
            "objectsPerShard": PER_SHARD,
            "bytesPerShard": 10**12,
            "maxPayloadInMB": 1,
            "maxConcurrentTransforms": 64,
        },
        "fleet": {
            "instanceType": "ml.g5.xlarge",
            "instances": 4,
            "maxInstances": 4,
            "usdPerHour": 1.408,
            "pricesOf": "2026-11-01",
            "recordsPerSecond": 250.0,
            "startMinutes": 4.0,
            "maxConcurrency": 10,
        },
        "cursor": cursor,
    }


def plan_all(stub: Stub, pages: int | None = None, *, uri: str = f"s3://photos/{FOLDER}") -> int:
    """Plan to the end, each call stopped after ``pages`` pages; returns the number of calls."""
    from tfbatch_functions.handlers.plan import plan  # noqa: PLC0415 (measured in the process that runs it)

    cursor = None
    for calls in itertools.count(1):
        reply = plan(event(uri, cursor), stub, _stop_after(pages))
        if reply["done"]:
            return calls
        cursor = json.loads(json.dumps(reply["cursor"]))
    raise AssertionError


def _stop_after(pages: int | None) -> Callable[[], bool]:
    asked = itertools.count(1)
    return lambda: pages is None or next(asked) < pages


def measure(count: int, length: int, *manifest: str) -> int:
    """In a process of its own: print seconds and megabytes."""
    plan_all(Stub(1))  # what is imported and made once isn't counted
    begun = time.process_time()
    if manifest:
        plan_all(Stub(count, length), uri=MANIFEST)
    else:
        plan_all(Stub(count, length))
    seconds = time.process_time() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found = {"keys": count, "length": length, "seconds": seconds, "megabytes": peak}
    print(json.dumps(found))
    return 0


def curve(sizes: Iterable[tuple[int, int]], *manifest: str) -> list[dict[str, float]]:
    """Every size, one after the other; of a folder, or of a manifest."""
    return [
        json.loads(
            subprocess.run(
                [sys.executable, "-m", "benchmarks.plan", str(count), str(length), *manifest],
                check=True,
                capture_output=True,
                text=True,
            ).stdout
        )
        for count, length in sizes
    ]


def restarts() -> list[tuple[int, int, bool]]:
    """For each number of pages a call: it, how many calls it took, whether the shards are equal."""
    whole = Stub(RESTARTED)
    plan_all(whole)
    found = []
    for pages in STOPS:
        stub = Stub(RESTARTED)
        calls = plan_all(stub, pages)
        found.append((pages, calls, stub.written == whole.written))
    return found


def report(
    measured: list[dict[str, float]],
    listed: list[dict[str, float]],
    restarted: list[tuple[int, int, bool]],
) -> str:
    """The section of ``docs/benchmarks.md``."""
    stops = [
        f"| {pages:>5,} | {calls:>5,} | {'the same' if equal else 'DIFFERENT'} |"
        for pages, calls, equal in restarted
    ]
    return _SECTION.format(
        per_shard=PER_SHARD,
        limit_mb=LIMIT_MB,
        limit_ratio=LIMIT_RATIO,
        ratio=_ratio(measured),
        rows=_rows(measured),
        listed=_rows(listed),
        restarted=RESTARTED,
        stops="\n".join(stops),
    )


_SECTION = """\
## Planning

`make bench-plan`: the planning function over a stub of S3 that answers at once, {per_shard:,}
objects a shard at most, each row in a process of its own; processor time. Promised: at most
{limit_mb} MB; at ten million keys at most {limit_ratio} times the time a key of one million
(measured: {ratio:.2f}). On S3 the listing itself takes far longer: [scale.md](scale.md).

| keys | bytes of a key | seconds | µs a key | peak MB | |
| ---: | ---: | ---: | ---: | ---: | --- |
{rows}

A manifest that names so many objects, each of which is asked for its size:

| keys | bytes of a key | seconds | µs a key | peak MB | |
| ---: | ---: | ---: | ---: | ---: | --- |
{listed}

Stopped and called again after every so many pages, {restarted:,} keys:

| pages a call | calls | shards |
| ---: | ---: | --- |
{stops}
"""


def _rows(measured: list[dict[str, float]]) -> str:
    return "\n".join(
        f"| {one['keys']:>10,} | {one['length']:>5,} | {one['seconds']:8.2f} "
        f"| {one['seconds'] / one['keys'] * 1e6:6.2f} | {one['megabytes']:6.0f} "
        f"| {_bar(one, measured)} |"
        for one in measured
    )


def _ratio(measured: list[dict[str, float]]) -> float:
    """Time a key at the largest size to that at one million."""
    each = {(one["keys"], one["length"]): one["seconds"] / one["keys"] for one in measured}
    return each[10_000_000, ORDINARY] / each[1_000_000, ORDINARY]


def _bar(one: dict[str, float], measured: list[dict[str, float]]) -> str:
    return "█" * max(round(40 * one["seconds"] / max(other["seconds"] for other in measured)), 1)


def main() -> int:
    """Measure, print, write.

    Returns:
        0 when the promises hold.
    """
    measured, listed, restarted = curve(SIZES), curve(LISTED, "manifest"), restarts()
    section = report(measured, listed, restarted)
    print(section)
    document.write("planning", section)
    is_flat = all(one["megabytes"] <= LIMIT_MB for one in (*measured, *listed))
    is_same = all(equal for _, _, equal in restarted)
    return int(not (is_flat and is_same and _ratio(measured) <= LIMIT_RATIO))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(measure(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:]))
    sys.exit(main())
