"""The Python runtime of Lambda: ``python -m tfbatch_sandbox.services.lambda_.runtime.python``.

Standard input has events, and answers go to the descriptor in ``TFBATCH_ANSWERS_FD``, each a line
of JSON. The first line is empty: the handler is loaded. Everything else is in Lambda's environment
variables. The function's own standard input is empty.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
import time
import traceback
from typing import Any

from tfbatch_sandbox.processes import supervision


class Context:
    """The context object of a Python handler."""

    def __init__(self, request_id: str, timeout_seconds: float) -> None:
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.invoked_function_arn = os.environ["TFBATCH_FUNCTION_ARN"]
        self.aws_request_id = request_id
        self._deadline = time.time() + timeout_seconds

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function is ended."""
        return max(int((self._deadline - time.time()) * 1000), 0)


def load(handler_name: str) -> Any:  # noqa: ANN401 - any callable
    """Import the handler, named ``package/module.function``."""
    module_name, _, function_name = handler_name.rpartition(".")
    return getattr(importlib.import_module(module_name.replace("/", ".")), function_name)


def call(handler_name: str, event: Any, context: Context) -> Any:  # noqa: ANN401 - any JSON
    """Import the handler and call it."""
    return load(handler_name)(event, context)


def answer(line: str) -> str:
    """The handler's answer to a line, as a line."""
    asked = json.loads(line)
    context = Context(asked["requestId"], asked["timeoutSeconds"])
    try:
        value = call(os.environ["_HANDLER"], asked["event"], context)
        return json.dumps({"value": value}) + "\n"
    except Exception as error:  # noqa: BLE001 - the function's own, whatever it is
        traceback.print_exc()
        return json.dumps({"error": _error(error, context.aws_request_id)}) + "\n"


def _error(error: BaseException, request_id: str) -> dict[str, Any]:
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "requestId": request_id,
        "stackTrace": traceback.format_tb(error.__traceback__),
    }


def main() -> None:
    """Answer events until there are no more."""
    supervision.hold()
    sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
    events = os.fdopen(os.dup(0))
    with open(os.devnull) as nothing:  # noqa: PTH123
        os.dup2(nothing.fileno(), 0)
    with events, os.fdopen(int(os.environ.pop("TFBATCH_ANSWERS_FD")), "w") as answers:
        with contextlib.suppress(Exception):  # the first invocation tells
            load(os.environ["_HANDLER"])
        answers.write("\n")
        answers.flush()
        for line in events:
            text = answer(line)
            sys.stdout.flush()
            sys.stderr.flush()
            answers.write(text)
            answers.flush()


if __name__ == "__main__":
    main()
