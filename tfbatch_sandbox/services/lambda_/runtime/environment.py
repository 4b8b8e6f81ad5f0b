"""Lambda execution environments: processes that are kept for the next invocation.

As on AWS, the first invocation starts one, it is kept for the next, two at a time have two, and one
that takes too long or ends its process is lost with all that it had in memory. An event goes in as
a line of JSON, and the runtime (``python.py``, ``node.cjs``) answers with a line: ``{"value": …}``
or ``{"error": …}``.
"""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import tempfile
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any, Self, cast

from tfbatch_sandbox.processes import supervision

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

_ANSWERS = "TFBATCH_ANSWERS_FD"
_CHUNK_BYTES = 1024 * 1024

Result = dict[str, Any]


class LostError(Exception):
    """An environment has ended, or was ended; the message is what Lambda says of it."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """What an environment is made of; a function that has another recipe has another."""

    function: str
    """Its ARN."""
    command: Sequence[str]
    variables: Mapping[str, str]
    code: Path
    """The unpacked code: its working directory."""
    timeout_seconds: float
    """Of one invocation."""


@dataclass(kw_only=True, slots=True)
class Environment:
    """One process of a function's."""

    recipe: Recipe
    process: supervision.Process
    events: IO[bytes]
    answers: IO[bytes]
    log: IO[bytes]
    """What the function prints; the process writes where the file stands."""
    _bytes_read: int = 0

    @classmethod
    def start(cls, recipe: Recipe) -> Self:
        """Start the process."""
        read_end, write_end = os.pipe()
        stream = f"{time.strftime('%Y/%m/%d', time.gmtime())}/[$LATEST]{uuid.uuid4().hex}"
        variables = {"AWS_LAMBDA_LOG_STREAM_NAME": stream, _ANSWERS: str(write_end)}
        log = tempfile.TemporaryFile()  # noqa: SIM115 # closed with the environment
        try:
            process = supervision.spawn(
                recipe.command,
                environment={**recipe.variables, **variables},
                cwd=recipe.code,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=(write_end,),
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

    def invoke(self, event: object, request_id: str) -> Result:
        """Hand over an event and wait for the answer to it.

        Raises:
            LostError: the function takes too long, or has ended its process.
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
            return  # it has ended, which the end of its answers tells

    def _chunks(self, deadline: float) -> Iterator[bytes]:
        """The answer as it comes, to its end, the process's end, or the deadline."""
        with selectors.DefaultSelector() as selector:
            selector.register(self.answers, selectors.EVENT_READ)
            while selector.select(max(deadline - time.monotonic(), 0)):
                chunk = self.answers.read(_CHUNK_BYTES)
                yield chunk
                if not chunk or chunk.endswith(b"\n"):
                    return

    def can_serve(self, recipe: Recipe) -> bool:
        """Whether it is of that recipe and alive."""
        return self.recipe == recipe and self.process.poll() is None

    def printed(self) -> bytes:
        """What it has printed since this was asked last."""
        end = os.fstat(self.log.fileno()).st_size
        text = os.pread(self.log.fileno(), end - self._bytes_read, self._bytes_read)
        self._bytes_read = end
        return text

    def end(self) -> None:
        """End the process; what it has printed can still be read."""
        supervision.stop(self.process, grace_seconds=0)

    def close(self) -> None:
        """End the process and forget it."""
        self.end()
        for file in (self.events, self.answers, self.log):
            file.close()


@dataclass(frozen=True, slots=True)
class Environments:
    """Those of all functions."""

    _idle: list[Environment] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def invoke(self, recipe: Recipe, event: object, request_id: str) -> tuple[Result, bytes]:
        """Run a function once, in an environment that is idle or in a new one.

        Returns:
            ``{"value": …}`` or ``{"error": …}``, and what it printed.
        """
        environment = self._take(recipe) or Environment.start(recipe)
        try:
            result = environment.invoke(event, request_id)
        except LostError as lost:
            environment.end()
            printed = environment.printed()
            environment.close()
            return {"error": {"errorType": lost.kind, "errorMessage": str(lost)}}, printed
        except BaseException:
            environment.close()
            raise
        printed = environment.printed()
        with self._lock:
            self._idle.append(environment)
        return result, printed

    def _take(self, recipe: Recipe) -> Environment | None:
        """An idle environment of that recipe; those of the function's former ones are ended."""
        with self._lock:
            of_function = [one for one in self._idle if one.recipe.function == recipe.function]
            fitting = [one for one in of_function if one.can_serve(recipe)]
            taken = fitting[-1] if fitting else None
            ended = [one for one in of_function if one not in fitting]
            self._idle[:] = [one for one in self._idle if one is not taken and one not in ended]
        for one in ended:
            one.close()
        return taken

    def close(self) -> None:
        """End all that are idle, all at once; those at work end with their server."""
        with self._lock:
            ended = self._idle.copy()
            self._idle.clear()
        with ThreadPoolExecutor() as pool:
            list(pool.map(Environment.close, ended))
