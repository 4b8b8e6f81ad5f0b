"""CIFAR-10's binary format, read and written, and where its data comes from.

Each record is 3,073 bytes: the label, then 1,024 bytes each of red, green and blue, row by row. A
folder has ``data_batch_*.bin``, ``test_batch.bin`` and the classes' names in ``batches.meta.txt``.
Source: www.cs.toronto.edu/~kriz/cifar.html.
"""

from __future__ import annotations

import hashlib
import tarfile
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    Pixels = npt.NDArray[np.uint8]

SIDE: Final = 32
FOLDER: Final = "cifar-10-batches-bin"
_URL: Final = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
_MD5: Final = "c32a1d4ab5d03f1284b67883e8d87530"  # pragma: allowlist secret
_SECONDS: Final = 10
_RECORD: Final = 1 + 3 * SIDE * SIDE


@dataclass(frozen=True, kw_only=True, slots=True)
class Images:
    """Labeled images."""

    pixels: Pixels
    """[count, 32, 32, 3]"""
    labels: Pixels
    """[count], numbers of classes"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Dataset:
    """What a folder in CIFAR-10's format holds."""

    training: Images
    test: Images
    names: tuple[str, ...]
    """Of the classes, in the order of their numbers."""


def read(folder: Path) -> Dataset:
    """Read a folder in CIFAR-10's binary format."""
    batches = [_read(file) for file in sorted(folder.glob("data_batch_*.bin"))]
    return Dataset(
        training=Images(
            pixels=np.concatenate([batch.pixels for batch in batches]),
            labels=np.concatenate([batch.labels for batch in batches]),
        ),
        test=_read(folder / "test_batch.bin"),
        names=tuple((folder / "batches.meta.txt").read_text().split()),
    )


def write(folder: Path, dataset: Dataset) -> None:
    """Write a folder in CIFAR-10's binary format."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "data_batch_1.bin", dataset.training)
    _write(folder / "test_batch.bin", dataset.test)
    (folder / "batches.meta.txt").write_text("\n".join(dataset.names) + "\n")


def download(folder: Path) -> bool:
    """Fetch CIFAR-10 itself into ``folder``; ``False`` where it can't be reached."""
    archive = folder / "cifar-10-binary.tar.gz"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with urllib.request.urlopen(_URL, timeout=_SECONDS) as reply:
            archive.write_bytes(reply.read())
    except OSError:
        return False
    if hashlib.md5(archive.read_bytes(), usedforsecurity=False).hexdigest() != _MD5:
        raise ValueError(f"{_URL} is not the file that it was: MD5 isn't {_MD5}")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    archive.unlink()
    return True


def _read(file: Path) -> Images:
    rows = np.frombuffer(file.read_bytes(), np.uint8).reshape(-1, _RECORD)
    planes = rows[:, 1:].reshape(-1, 3, SIDE, SIDE)
    return Images(pixels=planes.transpose(0, 2, 3, 1), labels=rows[:, 0])


def _write(file: Path, images: Images) -> None:
    planes = images.pixels.transpose(0, 3, 1, 2).reshape(len(images.pixels), -1)
    file.write_bytes(np.concatenate([images.labels[:, None], planes], axis=1).tobytes())
