"""Get CIFAR-10, train a small network on it for some seconds, and put it where it is deployed from.

``python -m examples.cifar10.train``
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

import click
from PIL import Image

from examples.cifar10 import dataset, patches
from tfbatch.export.quiet import quiet

if TYPE_CHECKING:
    from examples.cifar10.dataset import Dataset, Images

STEPS = 400
TEST_IMAGES = 100


@click.command()
@click.option("--data", type=click.Path(path_type=Path), default=Path("example-data/cifar10"))
@click.option("--model", type=click.Path(path_type=Path), default=Path("models/cifar10"))
@click.option("--offline", is_flag=True, help="Don't try to download CIFAR-10.")
def main(*, data: Path, model: Path, offline: bool) -> None:
    """Do all of it, and say what was done."""
    found = _get(data, offline=offline)
    click.echo(
        f"{len(found.training.labels):,} images to train on, {len(found.test.labels):,} to test"
    )
    share = _train(found, model)
    click.echo(f"Accuracy on the test images after {STEPS} steps: {share:.1%}")
    click.echo(f"The model is in {model}/1")
    _write_pngs(data / "test", found.test)
    click.echo(
        f"{TEST_IMAGES} of the test images are in {data}/test, their labels in {data}/labels.csv"
    )


def _get(data: Path, *, offline: bool) -> Dataset:
    """CIFAR-10 where it is on disk or can be downloaded, else patches in its format."""
    folder = data / dataset.FOLDER
    if (folder / "test_batch.bin").exists():
        click.echo(f"Reading {folder}")
    elif not offline and dataset.download(data):
        click.echo(f"CIFAR-10 is downloaded to {folder}")
    else:
        click.echo("CIFAR-10 can't be reached. In its place, in the same binary format: patches of")
        click.echo("ten photographs; the class of a patch is the photograph it was cut from.")
        dataset.write(folder, patches.make())
    return dataset.read(folder)


def _train(found: Dataset, model: Path) -> float:
    """Train and export; return the accuracy on the test images."""
    with quiet():
        from examples.cifar10 import network  # noqa: PLC0415 # imports TensorFlow

        trained = network.train(found.training, classes=len(found.names), steps=STEPS)
        share = network.accuracy(trained, found.test)
        network.export(trained, model / "1")
    (model / "labels.txt").write_text("\n".join(found.names) + "\n")
    return share


def _write_pngs(folder: Path, images: Images) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder.parent / "labels.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        for number in range(TEST_IMAGES):
            Image.fromarray(images.pixels[number]).save(folder / f"{number:05d}.png")
            rows.writerow([f"{number:05d}.png", images.labels[number]])


if __name__ == "__main__":
    main()
