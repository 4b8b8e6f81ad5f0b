"""A run under a fault: its request, its execution, and ways to hurt it."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

import psutil  # type: ignore[import-untyped]

from tests.executions import request_for, running_job
from tests.faults import processes

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping

    from tests.deployment import Deployment

Outcome = Literal["outputs", "accounts", "failed", "stopped"]
_SPAN_SECONDS: Final = 1.2
"""A process is hurt within this time after it was first seen."""


@dataclass(kw_only=True, slots=True)
class Run:
    """One run of a fault."""

    deployment: Deployment
    random: random.Random
    folder: str
    inputs: Mapping[str, bytes]
    fields: Mapping[str, object]
    """Fields of the request, besides input, format and model."""
    known: set[str] = field(default_factory=set)
    """What was left before this run."""
    arn: str = ""
    ended: dict[str, Any] = field(default_factory=dict)
    hurt: float = 0.0
    """When the fault happened, in seconds of the monotonic clock; 0 if it didn't."""
    refused: list[dict[str, Any]] = field(default_factory=list)
    """The requests that were to fail, as the sandbox tells them."""
    undo: list[Callable[[], object]] = field(default_factory=list)
    """What takes the fault away again."""
    notes: dict[str, Any] = field(default_factory=dict)
    """What ``before`` and ``act`` leave for ``after``."""

    @property
    def request(self) -> dict[str, object]:
        """The request."""
        uri = f"s3://{self.deployment.input_bucket}/{self.folder}/"
        return request_for(uri) | {"instances": 1} | dict(self.fields)

    def heal(self) -> None:
        """Take the faults away that this run has to undo."""
        while self.undo:
            self.undo.pop()()

    def start(self) -> None:
        """Start the execution."""
        self.arn = self.deployment.start(self.request)

    def end(self) -> None:
        """Wait for the end of the execution."""
        self.ended = self.deployment.wait(self.arn)

    def stop(self, arn: str = "") -> None:
        """Stop the execution, or another one, as a person does."""
        self.deployment.client("stepfunctions").stop_execution(executionArn=arn or self.arn)

    def again(self) -> dict[str, Any]:
        """Run the same request once more, to its end."""
        return self.deployment.execute(self.request)

    def mark(self) -> None:
        """Note that the fault happens now."""
        self.hurt = self.hurt or time.monotonic()

    def pause(self, seconds: float = _SPAN_SECONDS) -> None:
        """Wait for a random part of this time."""
        time.sleep(self.random.uniform(0, seconds))

    def job(self) -> dict[str, Any]:
        """A job of this run, as soon as there is one."""
        return running_job(self.deployment, self.arn)

    def serves(self, jobs: int) -> bool:
        """Wait until so many jobs have a container that serves; false if the run ends before."""
        sfn = self.deployment.client("stepfunctions")
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            found = self.deployment.jobs(self.arn)
            if sum("TransformStartTime" in job for job in found) >= jobs:
                return True
            if sfn.describe_execution(executionArn=self.arn)["status"] != "RUNNING":
                return False
            time.sleep(0.2)
        raise TimeoutError(f"no container of {self.arn} serves")

    def victim(self, look: Callable[[], list[psutil.Process]]) -> psutil.Process:
        """One of these processes, when there is one, at a random moment of its life."""
        processes.wait_for(look)
        self.pause()
        self.mark()
        return self.random.choice(processes.wait_for(look, seconds=20))

    def until_asked(self) -> None:
        """Wait until the requests were sent that the sandbox was told to hurt."""
        deadline = time.monotonic() + 60
        while self.deployment.sandbox.faults()["requests"] and time.monotonic() < deadline:
            time.sleep(0.02)

    def function(self, name: str) -> str:
        """The name of a deployed function, by its construct's: ``Plan``."""
        listed = self.deployment.client("lambda").list_functions()["Functions"]
        (found,) = {one["FunctionName"] for one in listed if name in one["FunctionName"]}
        return str(found)

    def refuse(self, *requests: Mapping[str, Any]) -> None:
        """Let these requests fail from now on."""
        self.mark()
        told = self.deployment.sandbox.faults(requests=[dict(one) for one in requests])
        self.refused = told["requests"]

    def check_hurt(self) -> None:
        """The fault happened."""
        assert self.hurt, "no fault happened"
        left = self.deployment.sandbox.faults()["requests"]
        assert not self.refused or left != self.refused, f"not asked for: {left}"

    def folder_of(self, name: str) -> tuple[str, str]:
        """Bucket and prefix of a folder of the plan: ``output`` or ``work``."""
        name_of_run = self.arn.rpartition(":")[2]
        outputs = self.deployment.outputs
        if name == "work":
            return outputs["WorkBucketName"], f"executions/{name_of_run}/"
        return outputs["OutputBucketName"], f"{name_of_run}/"

    def history(self) -> str:
        """The text of the execution's history."""
        sfn = self.deployment.client("stepfunctions")
        return json.dumps(sfn.get_execution_history(executionArn=self.arn), default=str)


def kill(process: psutil.Process) -> None:
    """Kill a process as the kernel does without memory."""
    with contextlib.suppress(psutil.Error):
        process.kill()


def hold(process: psutil.Process, seconds: float) -> None:
    """Stop a process for a while, as a machine does that swaps."""
    with contextlib.suppress(psutil.Error):
        process.suspend()
        time.sleep(seconds)
        process.resume()


def later(act: Callable[[], object], seconds: float) -> None:
    """Do something later, in a thread."""
    timer = threading.Timer(seconds, act)
    timer.daemon = True
    timer.start()
