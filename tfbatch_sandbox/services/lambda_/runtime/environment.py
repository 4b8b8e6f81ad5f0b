"""A Lambda execution environment: a process that runs one invocation after the other.

If it times out or exits, its memory is lost. An event is sent as a line of JSON, and the runtime
(``python.py``, ``node.cjs``) answers with a line: ``{"value": …}`` or ``{"error": …}``. Before, it
loads the function and writes an empty line.
"""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import tempfile
import time
import uuid
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any, Self, cast

from tfbatch_sandbox.processes import supervision

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

_ANSWERS = "TFBATCH_ANSWERS_FD"
_CHUNK_BYTES = 1024 * 1024
_LOADED = b"\n"
_LOAD_SECONDS = 10.0
"""Lambda's time for the initialization of a function."""

Result = dict[str, Any]


class LostError(Exception):
    """An environment has ended. The message is Lambda's."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """The definition of an environment. If it changes, the function gets a new environment."""

    function: str
    """Its ARN."""
    command: Sequence[str]
    variables: Mapping[str, str]
    code: Path
    """The unpacked code, its working directory."""
    timeout_seconds: float
    """Time-out of one invocation."""


@dataclass(kw_only=True, slots=True)
class Environment:
    """A process of a function."""

    recipe: Recipe
    process: supervision.Process
    events: IO[bytes]
    answers: IO[bytes]
    log: IO[bytes]
    """The function's output. The process appends to it."""
    used: float = field(default_factory=time.monotonic)
    """When its last invocation ended, on the monotonic clock."""
    _bytes_read: int = 0
    _is_loaded: bool = False

    @classmethod
    def start(cls, recipe: Recipe) -> Self:
        """Start the process."""
        read_end, write_end = os.pipe()
        stream = f"{time.strftime('%Y/%m/%d', time.gmtime())}/[$LATEST]{uuid.uuid4().hex}"
        variables = {**recipe.variables, "AWS_LAMBDA_LOG_STREAM_NAME": stream}
        log = tempfile.TemporaryFile()  # noqa: SIM115 # closed with the environment
        try:
            process = supervision.spawn(
                recipe.command,
                environment=variables,
                descriptors={_ANSWERS: write_end},
                cwd=recipe.code,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        except BaseException:
            os.close(read_end)
            log.close()
            raise
        finally:
            os.close(write_end)
        return cls(
            recipe=recipe,
            process=process,
            events=cast("IO[bytes]", process.stdin),
            answers=open(read_end, "rb", buffering=0),  # noqa: PTH123 # closed with it
            log=log,
        )

    def wait_until_loaded(self) -> None:
        """Wait until the function is loaded, has failed to load, or takes too long."""
        with selectors.DefaultSelector() as selector:
            selector.register(self.answers, selectors.EVENT_READ)
            if selector.select(_LOAD_SECONDS):
                self._is_loaded = bool(self.answers.read(len(_LOADED)))

    def invoke(self, event: object, request_id: str) -> Result:
        """Send an event and wait for its answer.

        Raises:
            LostError: the function timed out, or ended its process.
        """
        begun, timeout_seconds = time.monotonic(), self.recipe.timeout_seconds
        asked = {"event": event, "requestId": request_id, "timeoutSeconds": timeout_seconds}
        self._send(json.dumps(asked).encode() + b"\n")
        line = b"".join(self._chunks(begun + timeout_seconds))
        seconds = time.monotonic() - begun
        if line.endswith(b"\n"):
            answer: Result = json.loads(line)
            return answer
        if seconds >= timeout_seconds:
            message = f"Task timed out after {timeout_seconds:.2f} seconds"
            raise LostError("Sandbox.Timedout", message)
        message = f"Runtime exited with status {self.process.wait()} after {seconds:.2f} seconds"
        raise LostError("Runtime.ExitError", message)

    def _send(self, line: bytes) -> None:
        try:
            self.events.write(line)
            self.events.flush()
        except BrokenPipeError:
            return  # it has ended, as the end of its answers shows

    def _chunks(self, deadline: float) -> Iterator[bytes]:
        """The answer's chunks, until its end, the process's end, or the deadline."""
        with selectors.DefaultSelector() as selector:
            selector.register(self.answers, selectors.EVENT_READ)
            while selector.select(max(deadline - time.monotonic(), 0)):
                chunk = self.answers.read(_CHUNK_BYTES)
                if chunk == _LOADED and not self._is_loaded:
                    self._is_loaded = True
                    continue
                yield chunk
                if not chunk or chunk.endswith(b"\n"):
                    return

    def can_serve(self, recipe: Recipe) -> bool:
        """Whether it has that definition and is alive."""
        return self.recipe == recipe and self.process.poll() is None

    def printed(self) -> bytes:
        """Its output since the last call."""
        end = os.fstat(self.log.fileno()).st_size
        text = os.pread(self.log.fileno(), end - self._bytes_read, self._bytes_read)
        self._bytes_read = end
        return text

    def end(self) -> None:
        """End the process. Its output can still be read."""
        supervision.stop(self.process, grace_seconds=0)

    def close(self) -> None:
        """End the process and drop it."""
        self.end()
        for file in (self.events, self.answers, self.log):
            file.close()
