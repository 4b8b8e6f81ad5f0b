"""The resources, passed roles and condition keys of each API operation.

Source: Service Authorization Reference, "Actions, resources, and condition keys" of each service.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PREFIXES: Final = {
    "awslambda": "lambda",
    "resourcegroupstaggingapi": "tag",
    "stepfunctions": "states",
    "sagemaker-runtime": "sagemaker",
    "sagemakerruntime": "sagemaker",
}
ACTIONS: Final = {"lambda:Invoke": "lambda:InvokeFunction"}
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
TEMPLATES: Final = {
    (service, operation): template
    for service, templates in _RESOURCES.items()
    for template, operations in templates.items()
    for operation in operations
}
PASSED: Final[Mapping[tuple[str, str], str]] = {
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
"""Operations that pass a role to a service, which needs ``iam:PassRole`` on it."""
KEYS: Final[Mapping[str, Mapping[str, str]]] = {
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
"""Condition keys of an action, and where their values are in the request."""
