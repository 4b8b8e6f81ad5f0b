"""``python -m sandbox.container``: run one container until it is told to stop."""

from __future__ import annotations

import logging
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sandbox import lifeline
from sandbox.container.profile import PROFILES
from sandbox.container.settings import Settings, SettingsError
from sandbox.container.supervisor import ContainerError, Supervisor

if TYPE_CHECKING:
    from types import FrameType

_log = logging.getLogger("sandbox.container")


@click.command()
@click.option("--model-dir", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--port", type=int, required=True, help="On 127.0.0.1.")
@click.option(
    "--image-version",
    type=click.Choice(list(PROFILES)),
    default=list(PROFILES)[-1],
    show_default=True,
)
def main(*, model_dir: Path, port: int, image_version: str) -> None:
    """Serve the unpacked artifact in MODEL_DIR as AWS's TensorFlow Serving container does."""
    lifeline.hold()
    logging.basicConfig(
        format="%(process)d %(asctime)s %(levelname)-8s %(message)s", level=logging.INFO
    )
    profile = PROFILES[image_version]
    try:
        settings = Settings.of(os.environ, profile)
    except SettingsError as error:
        sys.exit(f"ValueError: {error}")
    _run(Supervisor(model_dir=model_dir.resolve(), port=port, profile=profile, settings=settings))


def _run(supervisor: Supervisor) -> None:
    signal.signal(signal.SIGTERM, _exit)
    signal.signal(signal.SIGINT, _exit)
    try:
        supervisor.start()
        supervisor.watch()
    except ContainerError as error:
        _log.error("%s", error)
        sys.exit(1)
    finally:
        supervisor.stop()


def _exit(_: int, __: FrameType | None) -> None:
    # Once only: what stops the children must not be interrupted by the second signal.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(0)


if __name__ == "__main__":
    main()
