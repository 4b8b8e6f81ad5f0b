"""Runs Lambda functions from their deployed zip, in processes. moto needs Docker.

They run on the sandbox's own Python and Node.js, whatever version the function names. Layers and
images are not supported.
"""

from __future__ import annotations

import base64
import io
import json
import sys
import threading
import uuid
import zipfile
from dataclasses import replace as changed
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from moto.awslambda.models import LambdaFunction

from tfbatch_sandbox.authorization.call import Call
from tfbatch_sandbox.authorization.network import Attachment
from tfbatch_sandbox.authorization.sessions import CannotAssumeError
from tfbatch_sandbox.services.errors import ApiError
from tfbatch_sandbox.services.lambda_.runtime.environment import Recipe
from tfbatch_sandbox.services.patch import replace
from tfbatch_sandbox.services.state_folders import below

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, MutableMapping

    from tfbatch_sandbox.authorization.sessions import Credentials
    from tfbatch_sandbox.services.json_type import Json
    from tfbatch_sandbox.services.runtime import Runtime

_NODE = Path(__file__).parent / "runtime" / "node.cjs"
_TAIL_BYTES = 4096
_UNPACKING = threading.Lock()


def install(runtime: Runtime) -> Callable[[], None]:
    """Run moto's functions in processes.

    Returns:
        A function that ends the processes.
    """
    replace(LambdaFunction, "invoke", lambda *arguments: invoke(runtime, *arguments))
    return runtime.environments.close


def invoke(
    runtime: Runtime,
    function: LambdaFunction,
    body: str | bytes,
    request_headers: Mapping[str, str],
    response_headers: MutableMapping[str, str],
) -> bytes:
    """Run ``function`` on a JSON event, like the Invoke action.

    Returns:
        The payload of the response; empty if the caller doesn't wait.
    """
    event = json.loads(body or "{}")
    kind = request_headers.get("X-Amz-Invocation-Type") or request_headers.get(
        "x-amz-invocation-type", "RequestResponse"
    )
    if kind == "DryRun":
        return b""
    if kind == "Event":
        threading.Thread(target=partial(run, runtime, function, event), daemon=True).start()
        return b""
    result, log = run(runtime, function, event)
    response_headers["x-amz-log-result"] = base64.b64encode(log[-_TAIL_BYTES:]).decode()
    if "error" in result:
        response_headers["x-amz-function-error"] = "Unhandled"
    return json.dumps(result.get("error", result.get("value"))).encode()


def run(
    runtime: Runtime,
    function: LambdaFunction,
    event: Json,
) -> tuple[dict[str, Any], bytes]:
    """Run ``function`` once.

    Returns:
        ``{"value": …}`` or ``{"error": …}``, and its output, which is also written to its log
            group.
    """
    request_id = str(uuid.uuid4())
    credentials = _assume(runtime, function)
    recipe = _recipe(runtime, function, credentials)
    result, printed = runtime.environments.invoke(recipe, event, request_id)
    log = _log(request_id, printed)
    if _may_log(runtime, function, credentials, request_id):
        function.logs_backend.ensure_log_group(function.logs_group_name)
        function.save_logs(log.decode(errors="replace"))
    return result, log


def _assume(runtime: Runtime, function: LambdaFunction) -> Credentials:
    try:
        return runtime.sessions.assume(
            function.role,
            service="lambda.amazonaws.com",
            name=function.function_name,
            source_arn=function.function_arn,
            attachment=Attachment.of(function.vpc_config, function.region, names="SubnetIds"),
        )
    except CannotAssumeError as error:
        raise ApiError(
            "InvalidParameterValueException",
            "The role defined for the function cannot be assumed by Lambda.",
        ) from error


def _may_log(
    runtime: Runtime, function: LambdaFunction, credentials: Credentials, stream: str
) -> bool:
    """Whether the function's role may write its log. On AWS nothing reports if it may not."""
    _, _, _, region, account, *_ = function.function_arn.split(":")
    group = f"arn:aws:logs:{region}:{account}:log-group:{function.logs_group_name}"
    # Lambda writes the log itself, from outside the function's VPC.
    writer = changed(runtime.sessions.actor(credentials.access_key), attachment=None)
    calls = (
        Call(action=f"logs:{action}", resource=f"{group}:log-stream:{stream}")
        for action in ("CreateLogStream", "PutLogEvents")
    )
    return all(runtime.guard.decide(writer, call).allowed for call in calls)


def _recipe(runtime: Runtime, function: LambdaFunction, credentials: Credentials) -> Recipe:
    code = _unpack(runtime, function)
    variables = runtime.environment(function.region, credentials) | _variables(function, code)
    return Recipe(
        function=function.function_arn,
        command=_interpreter(function.run_time),
        variables=variables,
        code=code,
        timeout_seconds=float(function.timeout),
    )


def _interpreter(run_time: str) -> list[str]:
    if run_time.startswith("nodejs"):
        return ["node", str(_NODE)]
    if run_time.startswith("python"):
        return [sys.executable, "-m", "tfbatch_sandbox.services.lambda_.runtime.python"]
    raise ApiError(
        "InvalidParameterValueException",
        f"The sandbox runs python and nodejs functions, not {run_time}.",
    )


def _variables(function: LambdaFunction, code: Path) -> dict[str, str]:
    values = {
        **function.environment_vars,
        "_HANDLER": function.handler,
        "LAMBDA_TASK_ROOT": str(code),
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.run_time}",
        "AWS_LAMBDA_FUNCTION_NAME": function.function_name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": function.memory_size,
        "AWS_LAMBDA_LOG_GROUP_NAME": function.logs_group_name,
        "TFBATCH_FUNCTION_ARN": function.function_arn,
        # Lambda's runtimes have the AWS SDKs: boto3 is installed here, and the project's
        # package.json brings JavaScript's.
        "NODE_PATH": Path("node_modules").resolve(),
    }
    return {name: str(value) for name, value in values.items()}


def _unpack(runtime: Runtime, function: LambdaFunction) -> Path:
    """Unpack the function's code, once for each version."""
    directory = below(runtime.settings.state_dir / "functions", function.function_name)
    code = directory / str(function.code_sha_256).replace("/", "_")
    with _UNPACKING:  # two executions may invoke it first
        if not code.exists():
            unfinished = directory / str(uuid.uuid4())
            with zipfile.ZipFile(io.BytesIO(function.code_bytes)) as archive:
                archive.extractall(unfinished)
            unfinished.rename(code)
    return code


def _log(request_id: str, printed: bytes) -> bytes:
    start = f"START RequestId: {request_id} Version: $LATEST\n".encode()
    return start + printed.rstrip(b"\n") + f"\nEND RequestId: {request_id}\n".encode()
