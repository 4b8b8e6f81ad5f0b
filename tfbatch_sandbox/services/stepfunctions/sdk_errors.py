"""Names errors of ``aws-sdk`` tasks as Step Functions does, after the Java SDK.

moto knows two of the SDK's service names. botocore gives no name to the error of a HEAD request,
which has no body, but the Java SDK does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_aws_sdk as aws_sdk,
)

from tfbatch_sandbox.services.patch import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.exceptions import ClientError

    from tfbatch_sandbox.services.runtime import Runtime

SERVICE_NAMES = {
    "cloudwatch": "CloudWatch",
    "cloudwatchlogs": "CloudWatchLogs",
    "dynamodb": "DynamoDb",
    "eventbridge": "EventBridge",
    "lambda": "Lambda",
    "s3": "S3",
    "sagemaker": "SageMaker",
    "servicequotas": "ServiceQuotas",
    "sfn": "Sfn",
    "sns": "Sns",
    "sqs": "Sqs",
    "ssm": "Ssm",
    "sts": "Sts",
}
_OF_HEAD = {"HeadBucket": "NoSuchBucketException", "HeadObject": "NoSuchKeyException"}


def install(_runtime: Runtime) -> None:
    """Name services, and errors for missing buckets and objects, as AWS does."""
    replace(aws_sdk, "_SERVICE_ERROR_NAMES", SERVICE_NAMES)
    task = aws_sdk.StateTaskServiceAwsSdk
    name = staticmethod(_namer(task._normalise_exception_name))  # noqa: SLF001 - no public seam
    replace(task, "_normalise_exception_name", name)


def _namer(original: Callable[[str, ClientError], str]) -> Callable[[str, ClientError], str]:
    def name(service: str, error: ClientError) -> str:
        if error.response["Error"]["Code"] == "404" and error.operation_name in _OF_HEAD:
            return f"{service}.{_OF_HEAD[error.operation_name]}"
        return original(service, error)

    return name
