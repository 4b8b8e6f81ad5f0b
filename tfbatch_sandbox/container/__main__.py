"""``python -m tfbatch_sandbox.container``: runs one container until it is stopped."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tfbatch_sandbox.container.profile import PROFILES
from tfbatch_sandbox.container.settings import Settings, SettingsError
from tfbatch_sandbox.container.supervisor import ContainerError, Supervisor
from tfbatch_sandbox.processes import supervision
from tfbatch_sandbox.processes.system import Portable, system

if TYPE_CHECKING:
    from types import FrameType

_log = logging.getLogger("tfbatch_sandbox.container")


@click.command()
@click.option("--model-dir", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--port", type=int, help="Listen on this port of 127.0.0.1.")
@click.option("--socket", type=click.Path(path_type=Path), help="Listen on this Unix socket.")
@click.option(
    "--image-version",
    type=click.Choice(list(PROFILES)),
    default=list(PROFILES)[-1],
    show_default=True,
)
@click.option("--model-server", help="TensorFlow Serving's own program, to run instead of ours.")
@click.option("--isolated", is_flag=True, help="Without a network; needs --socket.")
@click.option("--portable", is_flag=True, help="Use nothing that only Linux has.")
def main(  # noqa: PLR0913 - the container's options
    *,
    model_dir: Path,
    port: int | None,
    socket: Path | None,
    image_version: str,
    model_server: str | None,
    isolated: bool,
    portable: bool,
) -> None:
    """Serve the unpacked artifact in MODEL_DIR as AWS's TensorFlow Serving container does."""
    if (port is None) == (socket is None) or (isolated and socket is None):
        raise click.UsageError("give one of --port and --socket; --isolated needs --socket")
    found = Portable() if portable else system()
    has_namespace = isolated and found.enter_network_namespace()
    supervision.hold()
    logging.basicConfig(
        format="%(process)d %(asctime)s %(levelname)-8s %(message)s", level=logging.INFO
    )
    profile = PROFILES[image_version]
    try:
        settings = Settings.of(os.environ, profile)
    except SettingsError as error:
        sys.exit(f"ValueError: {error}")
    _run(
        Supervisor(
            model_dir=model_dir.resolve(),
            bind=f"127.0.0.1:{port}" if socket is None else f"unix:{socket}",
            refuses_connections=isolated and not has_namespace,
            model_server=model_server,
            profile=profile,
            settings=settings,
        )
    )


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
        _remove_socket(supervisor.bind)


def _remove_socket(bind: str) -> None:
    """Remove a Unix socket and its folder, because their creator may have been killed."""
    if bind.startswith("unix:"):
        path = Path(bind.removeprefix("unix:"))
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
            path.parent.rmdir()


def _exit(_: int, __: FrameType | None) -> None:
    # Once only: the second signal must not interrupt the stopping of children.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(0)


if __name__ == "__main__":
    main()
