"""Runs a Python function once: ``python -m sandbox.lambda_runtime.python EVENT RESULT``.

EVENT is a file of JSON, as is RESULT, which holds ``{"value": …}`` or ``{"error": …}`` afterwards.
The rest comes in the environment, under the names Lambda uses.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from sandbox import lifeline


class Context:
    """What Lambda hands to a handler beside the event."""

    def __init__(self) -> None:
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.invoked_function_arn = os.environ["TFBATCH_FUNCTION_ARN"]
        self.aws_request_id = os.environ["TFBATCH_REQUEST_ID"]
        self._deadline = time.time() + float(os.environ["TFBATCH_TIMEOUT_SECONDS"])

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function is ended."""
        return max(int((self._deadline - time.time()) * 1000), 0)


def call(handler_name: str, event: Any) -> Any:  # noqa: ANN401 - any JSON
    """Import the handler, named ``package/module.function``, and call it."""
    module_name, _, function_name = handler_name.rpartition(".")
    module = importlib.import_module(module_name.replace("/", "."))
    return getattr(module, function_name)(event, Context())


def _error(error: BaseException) -> dict[str, Any]:
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "requestId": os.environ["TFBATCH_REQUEST_ID"],
        "stackTrace": traceback.format_tb(error.__traceback__),
    }


def main() -> None:
    """Call the handler and write down what came of it."""
    lifeline.hold()
    event, result = (Path(argument) for argument in sys.argv[1:])
    sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
    try:
        value = call(os.environ["_HANDLER"], json.loads(event.read_text()))
        text = json.dumps({"value": value})
    except Exception as error:  # noqa: BLE001 - the function's own, whatever it is
        traceback.print_exc()
        text = json.dumps({"error": _error(error)})
    result.write_text(text)


if __name__ == "__main__":
    main()
