"""Publishes CPU and memory metrics of an instance.

Namespace ``/aws/sagemaker/TransformJobs``, dimension ``Host``; source: "Monitor SageMaker with
CloudWatch", SageMaker developer guide. GPU metrics need a GPU.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import TYPE_CHECKING, Final, Self

import boto3
import psutil  # type: ignore[import-untyped]
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_log = logging.getLogger(__name__)
NAMESPACE: Final = "/aws/sagemaker/TransformJobs"
_INTERVAL_SECONDS: Final = 60.0


class HostMetrics:
    """Measures a container's processes, once a minute and at the end.

    Args:
        host: ``<job>/<instance>``, the metrics' dimension.
        pid: the container's process.
        folder: the instance's folder. Processes that a fork server started are not children of
            the container, but their command lines name the folder.
    """

    def __init__(self, host: str, pid: int, folder: Path) -> None:
        self._host = host
        self._pid = pid
        self._folder = str(folder.resolve())
        self._last = (time.monotonic(), 0.0)

    async def __aenter__(self) -> Self:
        self._sender = asyncio.create_task(self._send_for_ever())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._sender.cancel()
        await asyncio.gather(self._sender, return_exceptions=True)
        await asyncio.to_thread(self._send)

    async def _send_for_ever(self) -> None:
        while True:
            await asyncio.sleep(_INTERVAL_SECONDS)
            await asyncio.to_thread(self._send)

    def _send(self) -> None:
        dimensions = [{"Name": "Host", "Value": self._host}]
        data = [
            {"MetricName": name, "Dimensions": dimensions, "Unit": "Percent", "Value": value}
            for name, value in self.measure().items()
        ]
        try:
            boto3.client("cloudwatch").put_metric_data(Namespace=NAMESPACE, MetricData=data)
        except (BotoCoreError, ClientError):
            _log.exception("the metrics of %s are lost", self._host)

    def measure(self) -> dict[str, float]:
        """CPU since the last measurement, 100 for each core, and the share of memory now."""
        seconds, resident = 0.0, 0
        for process in self._processes():
            with contextlib.suppress(psutil.Error):
                times = process.cpu_times()
                seconds += times.user + times.system
                resident += process.memory_info().rss
        (then, before), now = self._last, time.monotonic()
        self._last = (now, seconds)
        return {
            "CPUUtilization": 100 * max(seconds - before, 0.0) / max(now - then, 1e-3),
            "MemoryUtilization": 100 * resident / psutil.virtual_memory().total,
        }

    def _processes(self) -> Sequence[psutil.Process]:
        everyone = list(psutil.process_iter(["cmdline", "ppid"]))
        pids = {self._pid}
        pids |= {one.pid for one in everyone if self._folder in " ".join(one.info["cmdline"] or ())}
        while more := {one.pid for one in everyone if one.info["ppid"] in pids} - pids:
            pids |= more
        return [one for one in everyone if one.pid in pids]
