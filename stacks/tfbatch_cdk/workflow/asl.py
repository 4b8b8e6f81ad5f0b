"""Small words for the states that recur: Pass, Choice, Fail, a Lambda function's Task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tfbatch_cdk.workflow.expressions import FUNCTION_FAILURE

if TYPE_CHECKING:
    from collections.abc import Mapping

State = dict[str, Any]


def jsonata(expression: str) -> str:
    """An expression as the States Language marks it."""
    return "{% " + expression.strip() + " %}"


def assign(then: str, **variables: str) -> State:
    """Compute variables and go on."""
    return {
        "Type": "Pass",
        "Assign": {name: jsonata(value) for name, value in variables.items()},
        "Next": then,
    }


def choice(*ways: tuple[str, str], otherwise: str) -> State:
    """Go the first way whose condition holds."""
    return {
        "Type": "Choice",
        "Choices": [{"Condition": jsonata(condition), "Next": then} for condition, then in ways],
        "Default": otherwise,
    }


def fail(error: str, cause: str) -> State:
    """End with an error and a computed cause."""
    return {"Type": "Fail", "Error": error, "Cause": jsonata(cause)}


def reply(field: str) -> str:
    """A field of a function's reply; ``null`` where it has none."""
    path = f"$states.result.Payload.{field}"
    return f"$exists({path}) ? {path} : null"


def invoke(  # noqa: PLR0913 # what a call is made of, each by its name
    integration: str,
    function: str,
    event: str,
    *,
    gives: Mapping[str, str],
    caught: str,
    failure: str = "failure",
) -> State:
    """Call a Lambda function; what the service itself breaks is tried again.

    Args:
        integration: the ARN's beginning, ``arn:aws:states:::``.
        function: its ARN.
        event: what it is given.
        gives: variables made of ``$states.result.Payload``.
        caught: where its exceptions lead.
        failure: the variable that then holds their ``error`` and ``cause``.
    """
    return {
        "Type": "Task",
        "Resource": f"{integration}lambda:invoke",
        "Arguments": {"FunctionName": function, "Payload": jsonata(event)},
        "Assign": {name: jsonata(value) for name, value in gives.items()},
        "Retry": [
            {
                "ErrorEquals": [
                    "Lambda.ServiceException",
                    "Lambda.AWSLambdaException",
                    "Lambda.SdkClientException",
                    "Lambda.TooManyRequestsException",
                ],
                "IntervalSeconds": 2,
                "MaxAttempts": 6,
                "BackoffRate": 2,
            }
        ],
        "Catch": [
            {
                "ErrorEquals": ["States.ALL"],
                "Assign": {failure: jsonata(FUNCTION_FAILURE)},
                "Next": caught,
            }
        ],
    }
