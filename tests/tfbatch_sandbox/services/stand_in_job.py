"""A transform job's process as the API server sees it, told by the job's Environment what to do."""

import json
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from tfbatch_sandbox.processes import supervision


def _tell(event: str, **more: str) -> None:
    print(json.dumps({"event": event, **more}), flush=True)  # noqa: T201 - its way to speak


def _stop(_number: int, _frame: FrameType | None) -> None:
    _tell("stopped")
    sys.exit()


def main() -> None:
    supervision.hold()
    request = json.loads((Path(sys.argv[1]) / "request.json").read_text())["request"]
    wishes = request.get("Environment", {})
    signal.signal(signal.SIGTERM, signal.SIG_IGN if "DEAF" in wishes else _stop)
    _tell("started")
    time.sleep(float(wishes.get("SECONDS", "0")))
    if "CRASH" in wishes:
        sys.exit(3)
    if "FAIL" in wishes:
        _tell("failed", reason=wishes["FAIL"])
    else:
        _tell("completed")


if __name__ == "__main__":
    main()
