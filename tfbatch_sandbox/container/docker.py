"""``python -m tfbatch_sandbox.container.docker``: runs a model's own image with Docker or Podman.

Containers share the machine's network, each on its own ports, and reach the sandbox. An isolated
container has an internal network, and its port is forwarded from 127.0.0.1.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from tfbatch_sandbox.processes import supervision

if TYPE_CHECKING:
    from collections.abc import Sequence

VARIABLES: Final = "SANDBOX_CONTAINER_VARIABLES"
"""The container's variables as a JSON object."""
_NETWORK: Final = "tfbatch-isolated"
_PORT: Final = 8080
"""The default port of an image."""
_GPU: Final = Path("/dev/nvidia0")
_ADDRESS: Final = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
_STARTING_SECONDS: Final = 0.2
_GRACE_SECONDS: Final = 2.0
"""Seconds for a container to exit. The caller of this program allows more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """One container of a Docker-compatible program."""

    program: str
    image: str
    model_dir: Path
    port: int
    is_isolated: bool
    name: str = field(default_factory=lambda: f"tfbatch-{uuid.uuid4().hex[:12]}")

    async def run(self, variables: dict[str, str]) -> int:
        """Run the container until it exits or this task is canceled; returns its status.

        Args:
            variables: variables of the container.
        """
        if self.is_isolated:
            await self._command("network", "create", "--internal", _NETWORK)  # it may exist
        process = await asyncio.create_subprocess_exec(*self._start(variables))
        forwarding = asyncio.create_task(self._forward()) if self.is_isolated else None
        try:
            return await process.wait()
        finally:
            if forwarding is not None:
                forwarding.cancel()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), _GRACE_SECONDS)
            await self._command("rm", "--force", self.name)

    def _start(self, variables: dict[str, str]) -> Sequence[str]:
        told = dict(variables)
        if not self.is_isolated:
            told["SAGEMAKER_BIND_TO_PORT"] = str(self.port)
        return [
            *(self.program, "run", "--rm", "--name", self.name),
            *("--network", _NETWORK if self.is_isolated else "host"),
            *("--volume", f"{self.model_dir}:/opt/ml/model"),
            *(("--gpus", "all") if _GPU.exists() else ()),
            *(part for name, value in told.items() for part in ("--env", f"{name}={value}")),
            *(self.image, "serve"),
        ]

    async def _command(self, *arguments: str) -> str:
        """The output of a command; empty if it fails."""
        process = await asyncio.create_subprocess_exec(
            self.program,
            *arguments,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        said, _ = await process.communicate()
        return said.decode().strip() if process.returncode == 0 else ""

    async def _forward(self) -> None:
        ask = ("inspect", "--format", _ADDRESS, self.name)
        while not (host := await self._command(*ask)):  # noqa: ASYNC110 - it does not tell
            await asyncio.sleep(_STARTING_SECONDS)

        async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(OSError):  # either side may close first
                inner_reader, inner_writer = await asyncio.open_connection(host, _PORT)
                await asyncio.gather(_pour(reader, inner_writer), _pour(inner_reader, writer))
            writer.close()

        async with await asyncio.start_server(connect, "127.0.0.1", self.port) as server:
            await server.serve_forever()


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()


async def _main(engine: Engine, variables: dict[str, str]) -> int:
    running = asyncio.create_task(engine.run(variables))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    try:
        return await running
    except asyncio.CancelledError:
        return 0


@click.command()
@click.option("--engine", required=True, help="docker, podman, or another that takes their words.")
@click.option("--image", required=True)
@click.option("--model-dir", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--port", type=int, required=True, help="Of 127.0.0.1, to listen on.")
@click.option("--isolated", is_flag=True, help="Without a network.")
def main(*, engine: str, image: str, model_dir: Path, port: int, isolated: bool) -> None:
    """Serve the unpacked artifact in MODEL_DIR with an image, until stopped."""
    supervision.hold()
    container = Engine(
        program=engine,
        image=image,
        model_dir=model_dir.resolve(),
        port=port,
        is_isolated=isolated,
    )
    try:
        sys.exit(asyncio.run(_main(container, json.loads(os.environ.pop(VARIABLES)))))
    except FileNotFoundError:
        sys.exit(f"{engine} is not on PATH: it is what runs containers in this sandbox")


if __name__ == "__main__":
    main()
