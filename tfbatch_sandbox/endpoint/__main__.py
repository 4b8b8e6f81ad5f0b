"""``python -m tfbatch_sandbox.endpoint FOLDER``: runs the production variant of a folder.

Standard output has JSON lines: ``{"event": "healthy"}`` with the ``port`` or ``socket`` of the
container, each time one is healthy, or ``failed`` with a ``reason``. SIGTERM ends it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tfbatch_sandbox.container.host.logs import logs_client
from tfbatch_sandbox.endpoint.variant import Variant
from tfbatch_sandbox.processes import supervision
from tfbatch_sandbox.server.faults import INTERNAL_ERROR
from tfbatch_sandbox.transform.failure import JobFailure
from tfbatch_sandbox.transform.s3.store import Store

if TYPE_CHECKING:
    from tfbatch_sandbox.transform.sending import Address

_log = logging.getLogger("tfbatch_sandbox.endpoint")


def _emit(event: str, **details: str | int) -> None:
    print(json.dumps({"event": event, **details}), flush=True)  # noqa: T201 (the protocol)


def _tell(address: Address) -> None:
    where = address.where
    _emit("healthy", **({"port": where} if isinstance(where, int) else {"socket": str(where)}))


async def _main(folder: Path) -> None:
    variant = Variant.of(json.loads((folder / "request.json").read_text()))
    disk = folder / "instance"
    serving = asyncio.create_task(
        variant.serve(disk, store=Store(), logs=logs_client(), on_healthy=_tell)
    )
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, serving.cancel)
    loop.add_signal_handler(signal.SIGINT, serving.cancel)
    try:
        await serving
    except asyncio.CancelledError:
        pass
    except JobFailure as failure:
        _emit("failed", reason=failure.reason.removeprefix("ClientError: "))
    except Exception:  # noqa: BLE001
        _log.exception("the endpoint's variant failed")
        _emit("failed", reason=INTERNAL_ERROR)
    finally:
        shutil.rmtree(disk, ignore_errors=True)


if __name__ == "__main__":
    supervision.hold()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    asyncio.run(_main(Path(sys.argv[1])))
