"""``python -m benchmarks.records``: packing against TensorFlow's writer, checking in MB/s.

CPU time of one process, the sides in turn, each side's fastest turn: another process on the machine
can only make a turn slower.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.records import report
from benchmarks.records.report import Times
from tfbatch.files.file_store import Folder
from tfbatch.records import photos, tfrecord
from tfbatch.records.checking import verify_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TURNS = 7
BYTES = 100_000_000
"""Of photographs in a file."""
SIZES = (1_000, 10_000, 100_000, 1_000_000)
_DIFFERENT = 50
"""Photographs that the files are made of."""


def photographs(size: int) -> Iterator[tuple[str, bytes]]:
    """Names and bytes that begin as a JPEG does; their content matters to nobody here."""
    different = [b"\xff\xd8\xff" + os.urandom(size - 3) for _ in range(_DIFFERENT)]
    for number in range(BYTES // size):
        yield f"photo-{number:06d}.jpg", different[number % _DIFFERENT]


def write_ours(path: Path, size: int) -> None:
    """As ``tfbatch pack`` writes."""
    with path.open("wb", buffering=256 * 1024) as file:
        for name, data in photographs(size):
            file.writelines(tfrecord.frame_parts(photos.as_example(name, data, b"jpeg")))


def write_theirs(path: Path, size: int) -> None:
    """As TensorFlow's tutorial writes."""
    import tensorflow as tf  # noqa: PLC0415 # seconds

    def feature(value: bytes) -> tf.train.Feature:
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))

    with tf.io.TFRecordWriter(str(path)) as writer:
        for name, data in photographs(size):
            features = {
                photos.ENCODED: feature(data),
                photos.FORMAT: feature(b"jpeg"),
                photos.FILENAME: feature(name.encode()),
            }
            example = tf.train.Example(features=tf.train.Features(feature=features))
            writer.write(example.SerializeToString())


def read_theirs(path: Path, _: int) -> None:
    """As ``tf.data`` reads, counting."""
    import tensorflow as tf  # noqa: PLC0415

    tf.data.TFRecordDataset(str(path)).reduce(0, lambda count, _: count + 1).numpy()


def verify_ours(path: Path, _: int) -> None:
    """As ``tfbatch verify`` checks."""
    found = verify_file(Folder(root=path.parent), path.name)
    assert found.is_sound, found.damage[:1]  # noqa: S101


def measured(folder: Path, size: int) -> Times:
    """The least CPU time of each side, in turns."""
    theirs, ours = folder / "theirs.tfrecord", folder / "ours.tfrecord"
    sides: dict[str, tuple[Callable[[Path, int], None], Path]] = {
        "theirs": (write_theirs, theirs),
        "ours": (write_ours, ours),
        "read": (read_theirs, theirs),
        "verify": (verify_ours, theirs),
    }
    least = dict.fromkeys(sides, float("inf"))
    for _ in range(TURNS):
        for name, (run, path) in sides.items():
            start = time.process_time()
            run(path, size)
            least[name] = min(least[name], time.process_time() - start)
    return Times(size=size, records=BYTES // size, **least)


def main() -> None:
    """Measure, print, write."""
    with tempfile.TemporaryDirectory() as folder:
        times = [measured(Path(folder), size) for size in SIZES]
    section = report.table(times)
    print(section)
    report.write(section)


if __name__ == "__main__":
    main()
