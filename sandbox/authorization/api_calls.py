"""From an API operation and its parameters to what IAM is asked, for all services but S3.

Source: Service Authorization Reference, "Actions, resources, and condition keys" of each service.
An operation that is not here is asked on ``*``, which only a policy for all resources allows.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from sandbox.authorization.call import Call

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sandbox.authorization.call import Place

    Parameters = Mapping[str, Any]

_PREFIXES: Final = {
    "awslambda": "lambda",
    "stepfunctions": "states",
    "sagemaker-runtime": "sagemaker",
    "sagemakerruntime": "sagemaker",
}
_ACTIONS: Final = {"lambda:Invoke": "lambda:InvokeFunction"}
_STREAM: Final = "log-group:{logGroupName}:log-stream:{logStreamName}"
_GROUP: Final = "log-group:{logGroupName}:log-stream:"
_RESOURCES: Final[Mapping[str, Mapping[str, Iterable[str]]]] = {
    "sagemaker": {
        "transform-job/{TransformJobName}": (
            "CreateTransformJob",
            "DescribeTransformJob",
            "StopTransformJob",
        ),
        "model/{ModelName}": ("CreateModel", "DescribeModel", "DeleteModel"),
        "endpoint-config/{EndpointConfigName}": (
            "CreateEndpointConfig",
            "DescribeEndpointConfig",
            "DeleteEndpointConfig",
        ),
        "endpoint/{EndpointName}": (
            "CreateEndpoint",
            "DescribeEndpoint",
            "DeleteEndpoint",
            "UpdateEndpoint",
            "InvokeEndpoint",
        ),
        "{ResourceArn}": ("AddTags", "DeleteTags", "ListTags"),
    },
    "states": {
        "{stateMachineArn}": (
            "DescribeStateMachine",
            "DeleteStateMachine",
            "ListExecutions",
            "StartExecution",
            "StartSyncExecution",
            "UpdateStateMachine",
        ),
        "stateMachine:{name}": ("CreateStateMachine",),
        "{executionArn}": (
            "DescribeExecution",
            "DescribeStateMachineForExecution",
            "GetExecutionHistory",
            "ListMapRuns",
            "RedriveExecution",
            "StopExecution",
        ),
        "{mapRunArn}": ("DescribeMapRun", "UpdateMapRun"),
        "{resourceArn}": ("ListTagsForResource", "TagResource", "UntagResource"),
    },
    "lambda": {
        "function:{FunctionName}": (
            "AddPermission",
            "DeleteFunction",
            "GetFunction",
            "GetFunctionConfiguration",
            "Invoke",
            "UpdateFunctionCode",
            "UpdateFunctionConfiguration",
        ),
    },
    "sns": {
        "{TopicArn}": ("GetTopicAttributes", "Publish", "SetTopicAttributes", "Subscribe"),
    },
    "events": {
        "rule/{Name}": ("DeleteRule", "DescribeRule", "DisableRule", "EnableRule", "PutRule"),
        "rule/{Rule}": ("ListTargetsByRule", "PutTargets", "RemoveTargets"),
        "event-bus/{Entries.EventBusName:default}": ("PutEvents",),
    },
    "logs": {
        _STREAM: ("CreateLogStream", "GetLogEvents", "PutLogEvents"),
        _GROUP: (
            "CreateLogGroup",
            "DescribeLogStreams",
            "FilterLogEvents",
            "PutRetentionPolicy",
            "StartQuery",
        ),
        "log-group::log-stream:": ("DescribeLogGroups",),
    },
    "kms": {
        "{KeyId}": ("Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey", "ReEncrypt"),
    },
    "ssm": {
        "parameter/{Name}": ("GetParameter", "PutParameter"),
        "parameter/{Names}": ("GetParameters",),
    },
    "scheduler": {
        "schedule/{GroupName:default}/{Name}": ("CreateSchedule", "GetSchedule", "DeleteSchedule"),
    },
    "sts": {"{RoleArn}": ("AssumeRole",)},
    "cloudformation": {
        "stack/{StackName}/*": (
            "CreateChangeSet",
            "CreateStack",
            "DeleteStack",
            "DescribeStackEvents",
            "DescribeStacks",
            "ExecuteChangeSet",
            "GetTemplate",
        )
    },
    "ecr": {"repository/{repositoryName}": ("BatchGetImage", "DescribeImages")},
}
_TEMPLATES: Final = {
    (service, operation): template
    for service, templates in _RESOURCES.items()
    for template, operations in templates.items()
    for operation in operations
}
_PASSED: Final[Mapping[tuple[str, str], str]] = {
    ("sagemaker", "CreateModel"): "ExecutionRoleArn",
    ("states", "CreateStateMachine"): "roleArn",
    ("states", "UpdateStateMachine"): "roleArn",
    ("lambda", "CreateFunction"): "Role",
    ("lambda", "UpdateFunctionConfiguration"): "Role",
    ("events", "PutTargets"): "Targets.RoleArn",
    ("scheduler", "CreateSchedule"): "Target.RoleArn",
    ("cloudformation", "CreateChangeSet"): "RoleARN",
    ("cloudformation", "CreateStack"): "RoleARN",
}
"""Where a role is handed to a service, which takes ``iam:PassRole`` on it."""
_FIELD: Final = re.compile(r"\{([\w.]+)(?::(\w+))?\}")


def api_calls(service: str, operation: str, given: Parameters, place: Place) -> Iterator[Call]:
    """What IAM is asked of a request.

    Args:
        service: as moto names it.
        operation: as the service model names it.
        given: the request's parameters.
        place: of the account that is called.
    """
    prefix = _PREFIXES.get(service, service)
    action = f"{prefix}:{operation}"
    context = _tags(given) | _own_context(action, given)
    for resource in _resources(prefix, operation, given, place):
        yield Call(action=_ACTIONS.get(action, action), resource=resource, context=context)
    if action == "sagemaker:CreateTransformJob" and given.get("Tags"):
        job = place.arn("sagemaker", f"transform-job/{given['TransformJobName']}")
        yield Call(action="sagemaker:AddTags", resource=job, context=_tags(given))
    for role in _at(given, _PASSED.get((prefix, operation), "")):
        to = {"iam:passedtoservice": f"{prefix}.amazonaws.com"}
        yield Call(action="iam:PassRole", resource=role, context=to)


def _resources(prefix: str, operation: str, given: Parameters, place: Place) -> list[str]:
    template = _TEMPLATES.get((prefix, operation))
    if template is None:
        return ["*"]
    found = [template]
    for match in _FIELD.finditer(template):
        name, default = match.groups()
        values = _at(given, name) or ([default] if default else ["*"])
        found = [text.replace(match[0], value) for text in found for value in values]
    return list(dict.fromkeys(_whole(text, prefix, place) for text in found))


def _whole(text: str, prefix: str, place: Place) -> str:
    """The ARN of a resource; what a request names by its ARN is that already."""
    start = text.find("arn:")
    if start >= 0:
        return text[start:]
    return "*" if text == "*" else place.arn(prefix, text.replace("//", "/"))


def _at(given: Any, path: str) -> list[str]:  # noqa: ANN401 - of a request, anything
    """The texts at a dotted path, through lists."""
    if isinstance(given, list):
        return [text for item in given for text in _at(item, path)]
    if not path:
        return [given] if isinstance(given, str) else []
    name, _, rest = path.partition(".")
    value = given.get(name) if isinstance(given, dict) else None
    if isinstance(given, dict) and name == "EventBusName" and value is None:
        value = "default"
    return [] if value is None else _at(value, rest)


def _tags(given: Parameters) -> dict[str, str | tuple[str, ...]]:
    tags = given.get("Tags")
    if not isinstance(tags, list):
        return {}
    pairs = {str(tag["Key"]): str(tag.get("Value", "")) for tag in tags if "Key" in tag}
    keyed: dict[str, str | tuple[str, ...]] = {
        f"aws:requesttag/{key.lower()}": value for key, value in pairs.items()
    }
    return keyed | {"aws:tagkeys": tuple(pairs)}


_KEYS: Final[Mapping[str, Mapping[str, str]]] = {
    "cloudwatch:PutMetricData": {"cloudwatch:namespace": "Namespace"},
    "events:PutEvents": {
        "events:source": "Entries.Source",
        "events:detail-type": "Entries.DetailType",
    },
    "sagemaker:CreateTransformJob": {
        "sagemaker:instancetypes": "TransformResources.InstanceType",
        "sagemaker:outputkmskeyarn": "TransformOutput.KmsKeyId",
        "sagemaker:volumekmskeyarn": "TransformResources.VolumeKmsKeyId",
    },
    "sagemaker:CreateModel": {
        "sagemaker:vpcsubnets": "VpcConfig.Subnets",
        "sagemaker:vpcsecuritygroupids": "VpcConfig.SecurityGroupIds",
    },
    "sns:Subscribe": {"sns:protocol": "Protocol", "sns:endpoint": "Endpoint"},
}
"""Condition keys of an action, and where their values are in its request."""


def _own_context(action: str, given: Parameters) -> dict[str, str | tuple[str, ...]]:
    context: dict[str, str | tuple[str, ...]] = {
        key: tuple(values)
        for key, path in _KEYS.get(action, {}).items()
        if (values := _at(given, path))
    }
    if action == "sagemaker:CreateModel":
        isolated = bool(given.get("EnableNetworkIsolation"))
        context["sagemaker:networkisolation"] = json.dumps(isolated)
    return context
