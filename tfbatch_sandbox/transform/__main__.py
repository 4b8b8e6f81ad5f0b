"""``python -m tfbatch_sandbox.transform FOLDER``: runs the transform job of a folder.

Standard output has JSON lines: ``{"event": "started"}`` when the transform starts, and at the end
``completed``, ``failed`` (with ``reason``) or ``stopped``. SIGTERM stops the job.
"""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tfbatch_sandbox.processes import supervision
from tfbatch_sandbox.transform.failure import JobFailure
from tfbatch_sandbox.transform.job import Job
from tfbatch_sandbox.transform.run import run_job

_log = logging.getLogger("tfbatch_sandbox.transform")
_REASON_CHARACTERS = 1024
_THREADS = 32
_INTERNAL = "InternalServerError: We encountered an internal error. Please try again."


def _emit(event: str, **details: str) -> None:
    print(json.dumps({"event": event, **details}), flush=True)  # noqa: T201 (the protocol)


async def _main(folder: Path) -> None:
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(_THREADS))
    running = asyncio.create_task(
        run_job(Job.read(folder), folder, on_started=lambda: _emit("started"))
    )
    loop.add_signal_handler(signal.SIGTERM, running.cancel)
    loop.add_signal_handler(signal.SIGINT, running.cancel)
    try:
        await running
    except asyncio.CancelledError:
        _emit("stopped")
    except JobFailure as failure:
        _emit("failed", reason=failure.reason[:_REASON_CHARACTERS])
    except Exception:  # noqa: BLE001
        _log.exception("the engine failed")
        _emit("failed", reason=_INTERNAL)
    else:
        _emit("completed")


if __name__ == "__main__":
    supervision.hold()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    asyncio.run(_main(Path(sys.argv[1])))
