"""Builds common states of the Amazon States Language: Pass, Choice, Fail and Lambda Task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tfbatch_cdk.workflow.expressions import FUNCTION_FAILURE

if TYPE_CHECKING:
    from collections.abc import Mapping

State = dict[str, Any]


def jsonata(expression: str) -> str:
    """An expression in the delimiters of the States Language."""
    return "{% " + expression.strip() + " %}"


def assign(then: str, **variables: str) -> State:
    """Assign variables and go to the state ``then``."""
    return {
        "Type": "Pass",
        "Assign": {name: jsonata(value) for name, value in variables.items()},
        "Next": then,
    }


def choice(*branches: tuple[str, str], otherwise: str) -> State:
    """Go to the state of the first condition that is true, else to ``otherwise``."""
    return {
        "Type": "Choice",
        "Choices": [
            {"Condition": jsonata(condition), "Next": then} for condition, then in branches
        ],
        "Default": otherwise,
    }


def fail(error: str, cause: str) -> State:
    """Fail with an error and a JSONata cause."""
    return {"Type": "Fail", "Error": error, "Cause": jsonata(cause)}


def reply(field: str) -> str:
    """A field of a function's reply, or ``null``."""
    path = f"$states.result.Payload.{field}"
    return f"$exists({path}) ? {path} : null"


def invoke(  # noqa: PLR0913 # keyword-only
    integration: str,
    function: str,
    event: str,
    *,
    assigns: Mapping[str, str],
    catch: str,
    failure: str = "failure",
) -> State:
    """Call a Lambda function, and retry errors of the Lambda service.

    Args:
        integration: the beginning of the resource ARN, ``arn:aws:states:::``.
        function: the function's ARN.
        event: JSONata of its event.
        assigns: variables and their JSONata, from ``$states.result.Payload``.
        catch: the next state after an exception.
        failure: the variable for the exception's ``error`` and ``cause``.
    """
    return {
        "Type": "Task",
        "Resource": f"{integration}lambda:invoke",
        "Arguments": {"FunctionName": function, "Payload": jsonata(event)},
        "Assign": {name: jsonata(value) for name, value in assigns.items()},
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
                "Next": catch,
            }
        ],
    }
