"""The states of the workflow, in the order in which an execution passes them.

Pure data: a dictionary in the Amazon States Language, JSONata throughout. ``$stage`` holds what
the deployment fixed, ``$request`` what the execution asked for, ``$jobName`` the job's name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stacks.workflow import expressions as expression
from stacks.workflow import fields

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stacks.settings import Format

State = dict[str, Any]


def definition(
    *, stage: Mapping[str, Any], formats: Mapping[str, Format], partition: str, max_hours: int
) -> State:
    """The whole state machine.

    Args:
        stage: ``$stage`` without its formats.
        formats: by the name that a request gives.
        partition: of the ARNs: ``aws``, ``aws-cn``.
        max_hours: after which a job that still runs is stopped.
    """
    fixed = {**stage, "fields": list(fields.REQUEST), "formats": _parameters(formats)}
    return {
        "Comment": "tfbatch: a prediction for every object under a prefix",
        "QueryLanguage": "JSONata",
        "StartAt": "Read the stage",
        "States": {
            "Read the stage": {
                "Type": "Pass",
                "Assign": {"stage": fixed},
                "Output": "{% $states.input %}",
                "Next": "Check the request",
            },
            "Check the request": {
                "Type": "Pass",
                "Assign": {"request": _jsonata(expression.REQUEST)},
                "Next": "Is the request valid?",
            },
            "Is the request valid?": _choice(
                expression.IS_VALID, then="Find the input bucket", otherwise="Refuse the request"
            ),
            "Refuse the request": _fail(fields.INVALID_REQUEST, expression.PROBLEMS),
            **_find_input(partition),
            "Name the job": {
                "Type": "Pass",
                "Assign": {"jobName": _jsonata(expression.JOB_NAME)},
                "Next": "Transform",
            },
            **_transform(partition, max_hours),
            "Report": {"Type": "Succeed", "Output": _jsonata(expression.REPORT)},
        },
    }


def _find_input(partition: str) -> State:
    """The bucket is there, is of this region, and has something under the prefix."""
    bucket = _jsonata("$request.bucket")
    return {
        "Find the input bucket": {
            "Type": "Task",
            "Resource": f"arn:{partition}:states:::aws-sdk:s3:headBucket",
            "Arguments": {"Bucket": bucket},
            "Assign": {"bucketRegion": _jsonata(expression.BUCKET_REGION)},
            "Catch": [
                {
                    "ErrorEquals": ["States.ALL"],
                    "Assign": {"cause": _jsonata(expression.NOT_READABLE)},
                    "Next": "The bucket can't be read",
                }
            ],
            "Next": "Is it in this region?",
        },
        "The bucket can't be read": _fail(fields.INPUT_BUCKET_NOT_READABLE, "$cause"),
        "Is it in this region?": _choice(
            expression.IS_HERE, then="List the input", otherwise="The bucket is elsewhere"
        ),
        "The bucket is elsewhere": _fail(fields.INPUT_BUCKET_IN_OTHER_REGION, expression.ELSEWHERE),
        "List the input": {
            "Type": "Task",
            "Resource": f"arn:{partition}:states:::aws-sdk:s3:listObjectsV2",
            "Arguments": {
                "Bucket": bucket,
                "Prefix": _jsonata("$request.prefix"),
                "MaxKeys": 10,
            },
            "Assign": {"hasObjects": _jsonata(expression.HAS_OBJECTS)},
            "Next": "Is there anything?",
        },
        "Is there anything?": _choice(
            "$hasObjects", then="Name the job", otherwise="The input is empty"
        ),
        "The input is empty": _fail(fields.EMPTY_INPUT, expression.EMPTY),
    }


def _transform(partition: str, max_hours: int) -> State:
    """Run the job; what fails is told apart in the Cause, for Step Functions gives it one name."""
    return {
        "Transform": {
            "Type": "Task",
            "Resource": f"arn:{partition}:states:::sagemaker:createTransformJob.sync",
            "TimeoutSeconds": max_hours * 3600,
            "Arguments": _jsonata(expression.TRANSFORM_JOB),
            "Catch": [
                {
                    "ErrorEquals": ["States.ALL"],
                    "Assign": {"failure": _jsonata(expression.FAILURE)},
                    "Next": "The job failed",
                }
            ],
            "Next": "Report",
        },
        "The job failed": {
            "Type": "Fail",
            "Error": "{% $failure.error %}",
            "Cause": "{% $failure.cause %}",
        },
    }


def _parameters(formats: Mapping[str, Format]) -> State:
    """Each format in the words of CreateTransformJob."""
    return {
        name: {
            "contentType": chosen.content_type,
            "splitType": chosen.split_type,
            "batchStrategy": chosen.batch_strategy,
            "maxPayloadInMB": chosen.max_payload_mb,
            "maxConcurrentTransforms": chosen.max_concurrent_transforms,
        }
        for name, chosen in formats.items()
    }


def _jsonata(expression: str) -> str:
    return "{% " + expression.strip() + " %}"


def _choice(condition: str, *, then: str, otherwise: str) -> State:
    return {
        "Type": "Choice",
        "Choices": [{"Condition": _jsonata(condition), "Next": then}],
        "Default": otherwise,
    }


def _fail(error: str, cause: str) -> State:
    return {"Type": "Fail", "Error": error, "Cause": _jsonata(cause)}
