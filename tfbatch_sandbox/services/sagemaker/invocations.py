"""InvokeEndpoint, answered by the endpoint's container. moto makes answers up."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from moto.cloudwatch.models import cloudwatch_backends
from moto.sagemaker.models import sagemaker_backends
from moto.sagemakerruntime.responses import SageMakerRuntimeResponse

from tfbatch_sandbox.endpoint.variant import LOG_GROUP
from tfbatch_sandbox.services.patch import replace
from tfbatch_sandbox.services.sagemaker.endpoint_host import Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tfbatch_sandbox.services.runtime import Runtime
    from tfbatch_sandbox.services.sagemaker.endpoint import Endpoint

    Answer = tuple[int, dict[str, str], bytes]

NAMESPACE = "AWS/SageMaker"


def put(endpoint: Endpoint, variant: str, *, status: int, seconds: float) -> None:
    """Add one invocation to the endpoint's CloudWatch metrics.

    Source: "Amazon SageMaker endpoint invocation metrics", SageMaker developer guide.

    Args:
        endpoint: name of the endpoint.
        variant: variant that answered.
        status: status of the container; 0 after a time-out.
        seconds: how long the container took.
    """
    region, account = endpoint.arn.split(":")[3:5]
    instances = next(
        each.get("CurrentInstanceCount", 1)
        for each in endpoint.production_variants
        if each["VariantName"] == variant
    )
    values = {
        "Invocations": (1, "None"),
        "InvocationsPerInstance": (1 / max(instances, 1), "None"),
        "Invocation4XXErrors": (int(400 <= status < 500), "None"),  # noqa: PLR2004 - HTTP's classes
        "Invocation5XXErrors": (int(status == 0 or status >= 500), "None"),  # noqa: PLR2004
        "ModelLatency": (seconds * 1e6, "Microseconds"),
    }
    cloudwatch_backends[account][region].put_metric_data(
        NAMESPACE,
        [
            _datum(name, value, unit, endpoint.endpoint_name, variant)
            for name, (value, unit) in values.items()
        ],
    )


def _datum(name: str, value: float, unit: str, endpoint: str, variant: str) -> dict[str, Any]:
    return {
        "MetricName": name,
        "Dimensions": [
            {"Name": "EndpointName", "Value": endpoint},
            {"Name": "VariantName", "Value": variant},
        ],
        "Timestamp": datetime.now(UTC),
        "Value": value,
        "Unit": unit,
    }


MAX_BYTES = 6_291_456
"""Maximum size of a request and of a response, from botocore's service model."""
_CUSTOM_ATTRIBUTES = "X-Amzn-SageMaker-Custom-Attributes"
_TARGET_VARIANT = "X-Amzn-SageMaker-Target-Variant"
_PASSED = ("Content-Type", "Accept", _CUSTOM_ATTRIBUTES, "X-Amzn-SageMaker-Inference-Id")
"""The headers that SageMaker passes on."""
_TIMED_OUT = (
    "Your invocation timed out while waiting for a response from container primary. Review the "
    "latency metrics for each container in Amazon CloudWatch, resolve the issue, and try again."
)
_RESTARTS = "The container behind the endpoint is being started again."


def install(_runtime: Runtime) -> None:
    """Answer the actions of sagemaker-runtime."""
    replace(SageMakerRuntimeResponse, "use_raw_body", True)  # noqa: FBT003 - the value itself
    replace(SageMakerRuntimeResponse, "invoke_endpoint", _invoke)
    replace(SageMakerRuntimeResponse, "invoke_endpoint_async", _refuse_async)


def _invoke(response: SageMakerRuntimeResponse) -> Answer:
    name = _endpoint_name(response)
    endpoint = sagemaker_backends[response.current_account][response.region].endpoints.get(name)
    wanted = response.headers.get(_TARGET_VARIANT)
    found = endpoint.host(wanted) if endpoint else None
    if endpoint is None or found is None:
        what = f"Endpoint {name}" if wanted is None else f"Variant {wanted} of endpoint {name}"
        return _validation_error(f"{what} of account {response.current_account} not found.")
    if len(response.body) > MAX_BYTES:
        return _validation_error(
            f"Request body of {len(response.body)} bytes is longer than the {MAX_BYTES} bytes "
            "that an endpoint takes. Use a transform job for larger records."
        )
    variant, host = found
    headers = {name: response.headers[name] for name in _PASSED if name in response.headers}
    return ask(endpoint, variant, partial(host.post, response.body, headers))


def _endpoint_name(response: SageMakerRuntimeResponse) -> str:
    return unquote(response.path.split("/")[2])


def ask(endpoint: Endpoint, variant: str, post: Callable[[], Reply]) -> Answer:
    """The container's answer as InvokeEndpoint returns it. Its duration becomes a metric."""
    begun = time.perf_counter()
    try:
        reply = post()
    except TimeoutError:
        reply = Reply(status=0, headers={}, body=_TIMED_OUT.encode())
    except OSError:  # between two containers: the SDK retries
        return _error(HTTPStatus.SERVICE_UNAVAILABLE, "ServiceUnavailable", {"Message": _RESTARTS})
    put(endpoint, variant, status=reply.status, seconds=time.perf_counter() - begun)
    if reply.status != HTTPStatus.OK:
        return _model_error(endpoint, reply)
    if len(reply.body) > MAX_BYTES:
        said = f"the reply of {len(reply.body)} bytes is longer than {MAX_BYTES} bytes"
        return _model_error(endpoint, Reply(status=0, headers={}, body=said.encode()))
    headers = {
        "Content-Type": reply.headers.get("content-type", ""),
        "x-Amzn-Invoked-Production-Variant": variant,
    }
    attributes = reply.headers.get(_CUSTOM_ATTRIBUTES.lower())
    return 200, headers | ({_CUSTOM_ATTRIBUTES: attributes} if attributes else {}), reply.body


def _model_error(endpoint: Endpoint, reply: Reply) -> Answer:
    """424 with the container's status and body, in AWS's words."""
    region, account = endpoint.arn.split(":")[3:5]
    group = f"{LOG_GROUP}/{endpoint.endpoint_name}"
    is_client_error = 400 <= reply.status < 500  # noqa: PLR2004 - HTTP's classes
    kind, said = "client" if is_client_error else "server", reply.body.decode(errors="replace")
    message = (
        f'Received {kind} error ({reply.status}) from primary with message "{said}". See '
        f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}"
        f"#logEventViewer:group={group} in account {account} for more information."
    )
    details: dict[str, str | int] = {
        "Message": message,
        "OriginalStatusCode": reply.status,
        "OriginalMessage": said,
        "LogStreamArn": f"arn:aws:logs:{region}:{account}:log-group:{group}",
    }
    return _error(HTTPStatus.FAILED_DEPENDENCY, "ModelError", details)


def _validation_error(message: str) -> Answer:
    return _error(HTTPStatus.BAD_REQUEST, "ValidationError", {"Message": message})


def _error(status: HTTPStatus, kind: str, details: Mapping[str, str | int]) -> Answer:
    headers = {
        "Content-Type": "application/json",
        "x-amzn-ErrorType": kind,
        "status": str(status.value),  # where moto reads it
    }
    return status.value, headers, json.dumps(details).encode()


def _refuse_async(response: SageMakerRuntimeResponse) -> Answer:
    name = _endpoint_name(response)
    return _validation_error(f"Endpoint {name} is not an asynchronous endpoint.")
