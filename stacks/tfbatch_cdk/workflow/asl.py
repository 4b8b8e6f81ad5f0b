"""Builds common states of the Amazon States Language: Pass, Choice, Fail and Lambda Task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tfbatch_cdk.workflow.expressions import FUNCTION_FAILURE
from tfbatch_cdk.workflow.fields import NULL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_cdk import Stack

State = dict[str, Any]

S3_ERRORS = ("S3.S3Exception", "S3.SdkClientException")
"""Every error of S3 but the modelled ones, such as a missing bucket: a slow-down, a denial, an
outage. Step Functions has one name for all of them."""
_LAMBDA_ERRORS = (
    *("Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException"),
    "Lambda.TooManyRequestsException",
)

_LOST_FUNCTION = ("Lambda.Unknown", "Runtime.ExitError", "Sandbox.Timedout")
"""A function's process ended or was silent: out of memory, out of time, or its host's fault.
Source: Step Functions developer guide, "Handling errors", on ``Lambda.Unknown``."""


def jsonata(expression: str) -> str:
    """An expression in the delimiters of the States Language."""
    return "{% " + expression.strip() + " %}"


def to_json(definition: Mapping[str, Any], stack: Stack) -> str:
    """The text of a state machine's definition, in which every null stays.

    The CDK leaves a member out whose value is null, and an undefined variable doesn't equal null.
    """
    return stack.to_json_string(_with_nulls(definition))


def _with_nulls(value: Any) -> Any:  # noqa: ANN401 # any JSON
    """A definition with an expression in place of each ``None``."""
    if isinstance(value, dict):
        return {name: _with_nulls(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_with_nulls(item) for item in value]
    return NULL if value is None else value


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


def retry(*errors: str, attempts: int = 4) -> list[State]:
    """Try a task again after these errors: after at most 1 s, then 2, 4 and so on, at random.

    The random part spreads the attempts of executions that were throttled together.
    """
    return [
        {
            "ErrorEquals": list(errors),
            "IntervalSeconds": 1,
            "MaxAttempts": attempts,
            "BackoffRate": 2,
            "MaxDelaySeconds": 60,
            "JitterStrategy": "FULL",
        }
    ]


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
    """Call a Lambda function. Retry errors of the Lambda service, and twice a lost process.

    Every function can be called again: it writes the same.

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
        "Retry": [*retry(*_LAMBDA_ERRORS, attempts=6), *retry(*_LOST_FUNCTION, attempts=2)],
        "Catch": [
            {
                "ErrorEquals": ["States.ALL"],
                "Assign": {failure: jsonata(FUNCTION_FAILURE)},
                "Next": catch,
            }
        ],
    }
