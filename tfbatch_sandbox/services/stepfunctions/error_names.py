"""The names of the errors that tasks can raise, from botocore's service models.

The ``aws-sdk`` integrations use the classes of the AWS SDK for Java. A modelled error has its own
name, ``S3.NoSuchKeyException``: in services with XML protocols an error that the service's model
lists, in others one that the operation lists. Every other error of the service has the name of its
base class, ``S3.S3Exception``, and only the status in the cause tells them apart.

Source: Step Functions developer guide, "Handling errors in Step Functions workflows"; AWS SDK for
Java 2, ``DefaultNamingStrategy``.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import botocore.session
from botocore import xform_name
from botocore.exceptions import UnknownServiceError

if TYPE_CHECKING:
    from botocore.model import OperationModel, ServiceModel

RESERVED: Final = frozenset(
    {
        *("States.ALL", "States.DataLimitExceeded", "States.ExceedToleratedFailureThreshold"),
        *("States.HeartbeatTimeout", "States.Http.Socket", "States.ItemReaderFailed"),
        *("States.Permissions", "States.QueryEvaluationError", "States.ResultWriterFailed"),
        *("States.Runtime", "States.TaskFailed", "States.Timeout"),
    }
)
"""Names that Step Functions defines itself."""

_BOTOCORE: Final = {
    "cloudwatchlogs": "logs",
    "eventbridge": "events",
    "servicequotas": "service-quotas",
    "sfn": "stepfunctions",
}
"""botocore's names of services, where they differ from those in the ARNs of tasks."""
_BASE: Final = {"lambda": "AWSLambdaException"}
"""The base class in optimized integrations, which use the AWS SDK for Java 1."""
_OF_FUNCTIONS: Final = frozenset({"Lambda.Unknown", "Runtime.ExitError", "Sandbox.Timedout"})
"""The error types of a function whose process ended or was silent. Source: Step Functions developer
guide, "Handling errors"; AWS Lambda developer guide, "Troubleshoot execution issues"."""
_OF_HEAD: Final = {"HeadBucket": "NoSuchBucket", "HeadObject": "NoSuchKey"}
"""What the Java SDK makes of a 404 to a HEAD request, which has no body."""
_LATER: Final = {"S3": {"AccessDenied"}}
"""Errors of new operations that Step Functions' SDK doesn't know: a denied PutObject is
``S3.S3Exception``."""
_XML: Final = frozenset({"ec2", "query", "rest-xml"})
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_EXCEPTION: Final = "Exception"


def of_task(resource: str) -> frozenset[str]:
    """The names that a task's errors can have, besides :data:`RESERVED`.

    Args:
        resource: the end of its ARN, ``aws-sdk:s3:putObject`` or ``lambda:invoke``.
    """
    integration, *rest = resource.split(":")
    service, action = rest if integration == "aws-sdk" else (integration, rest[0])
    operation = operation_of(service, action)
    if operation is None:
        return frozenset()
    prefix = service_name(service)
    base = f"{prefix}{_EXCEPTION}" if integration == "aws-sdk" else _BASE.get(service, "")
    classes = [*map(_class_of, _modelled(operation).values()), base, "SdkClientException"]
    told = frozenset(f"{prefix}.{name}" for name in classes if name)
    return told | _OF_FUNCTIONS if resource == "lambda:invoke" else told


def of_error(service: str, action: str, code: str) -> str:
    """The name of an error in an ``aws-sdk`` integration.

    Args:
        service: as in the task's ARN.
        action: the operation, ``putObject`` or ``PutObject``.
        code: the error's code in the response.
    """
    prefix = service_name(service)
    operation = operation_of(service, action)
    names = _modelled(operation) if operation else {}
    return f"{prefix}.{_class_of(names.get(code, prefix))}"


def service_name(service: str) -> str:
    """The name that a service's errors begin with: ``SageMaker``, ``Sfn``."""
    model = _model(service)
    return service if model is None else _pascal(str(model.service_id))


@cache
def operation_of(service: str, action: str) -> OperationModel | None:
    """The model of an operation; ``None`` if there is none.

    Args:
        service: as in a task's ARN, or botocore's name.
        action: ``putObject`` or ``PutObject``.
    """
    model = _model(service)
    if model is None:
        return None
    names = (name for name in model.operation_names if xform_name(name) == xform_name(action))
    return next((model.operation_model(name) for name in names), None)


def _modelled(operation: OperationModel) -> dict[str, str]:
    """The shapes of the errors that an operation's client knows, by code."""
    service = operation.service_model
    shapes: list[Any] = service.error_shapes if service.protocol in _XML else operation.error_shapes
    later = _LATER.get(str(service.service_id), set())
    names = {str(shape.error_code): shape.name for shape in shapes if shape.name not in later}
    return names | ({"404": _OF_HEAD[operation.name]} if operation.name in _OF_HEAD else {})


@cache
def _model(service: str) -> ServiceModel | None:
    name = service.lower()
    try:
        return botocore.session.get_session().get_service_model(_BOTOCORE.get(name, name))
    except UnknownServiceError:
        return None


def _class_of(shape: str) -> str:
    return _pascal(shape.removesuffix("Fault").removesuffix(_EXCEPTION)) + _EXCEPTION


def _pascal(name: str) -> str:
    """Capitalize as Java does: ``KMSDisabled`` is ``KmsDisabled``."""
    return "".join(word[0].upper() + word[1:].lower() for word in _WORD.findall(name))
