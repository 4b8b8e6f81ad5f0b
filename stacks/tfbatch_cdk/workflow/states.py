"""The states of a run, in the order of an execution. Add or change a state here.

They are dictionaries in the Amazon States Language with JSONata. The states of a shard are in
``shard_states.py``, those of a request's key in ``claims.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tfbatch_cdk.workflow import claims, fields, request
from tfbatch_cdk.workflow import expressions as expression
from tfbatch_cdk.workflow.asl import (
    S3_ERRORS,
    State,
    assign,
    choice,
    fail,
    invoke,
    jsonata,
    reply,
    retry,
)
from tfbatch_cdk.workflow.claims import claim_states
from tfbatch_cdk.workflow.shard_states import shard_states

if TYPE_CHECKING:
    from collections.abc import Mapping


_UNTOLD: State = {
    "ErrorEquals": ["States.ALL"],
    "Assign": {"cause": jsonata(expression.UNTOLD)},
    "Next": "Its end can't be told",
}


def definition(  # noqa: PLR0913 # keyword-only
    *,
    parameters: Mapping[str, Any],
    rules: request.Schema,
    functions: Mapping[str, str],
    topic: str,
    partition: str,
    job: State,
) -> State:
    """The whole state machine.

    Args:
        parameters: ``$stage``, the parameters of the stage.
        rules: the JSON Schema of a request.
        functions: ARNs of the functions ``plan``, ``reconcile`` and ``summarize``.
        topic: ARN of the topic for finished runs.
        partition: of the ARNs: ``aws``, ``aws-cn``.
        job: the states that run a transform job, from ``job_states.py``.
    """
    integration = f"arn:{partition}:states:::"
    checked = expression.REQUEST.replace("%(problems)s", request.problems(rules))
    return {
        "Comment": "tfbatch: a prediction for every object, or the reason why there is none",
        "QueryLanguage": "JSONata",
        "StartAt": "Read the stage",
        "States": {
            "Read the stage": {
                "Type": "Pass",
                "Assign": {
                    "stage": dict(parameters),
                    **dict.fromkeys(("claim", "cursor", "plan")),
                },
                "Output": "{% $states.input %}",
                "Next": "Is it a file?",
            },
            **_read_request_file(integration),
            "Check the request": assign("Is the request valid?", request=checked),
            "Is the request valid?": choice(
                (expression.IS_VALID, "Name the run"), otherwise="Refuse the request"
            ),
            "Refuse the request": fail(fields.INVALID_REQUEST, expression.PROBLEMS),
            "Name the run": assign("Has it a key?", run=expression.RUN, prices=expression.PRICES),
            **claim_states(integration),
            **_find_bucket(integration),
            **_plan(integration, functions["plan"]),
            **_transform(integration, functions, job),
            **_summarize(integration, functions["summarize"]),
            **_notify(integration, topic),
        },
    }


def _read_request_file(integration: str) -> State:
    """Read the request from a request file in the input bucket."""
    return {
        "Is it a file?": choice(
            ("$exists($states.input.request_file)", "Read the request file"),
            otherwise="Check the request",
        ),
        "Read the request file": {
            "Type": "Task",
            "Resource": f"{integration}aws-sdk:s3:getObject",
            "Assign": {"file": jsonata("$states.input.request_file")},
            "Arguments": {
                "Bucket": jsonata("$states.input.request_file.bucket"),
                "Key": jsonata("$states.input.request_file.key"),
            },
            "Output": jsonata(expression.REQUEST_OF_FILE),
            "Retry": retry(*S3_ERRORS),
            "Catch": [
                {
                    "ErrorEquals": ["States.ALL"],
                    "Assign": {"cause": jsonata(expression.FILE_NOT_READABLE)},
                    "Next": "The file can't be read",
                }
            ],
            "Next": "Check the request",
        },
        "The file can't be read": fail(fields.INVALID_REQUEST, "$cause"),
    }


def _find_bucket(integration: str) -> State:
    """Check that the input bucket exists in this region."""
    return {
        "Find the input bucket": {
            "Type": "Task",
            "Resource": f"{integration}aws-sdk:s3:headBucket",
            "Arguments": {"Bucket": jsonata("$request.bucket")},
            "Assign": {"bucketRegion": jsonata(expression.BUCKET_REGION)},
            "Retry": retry(*S3_ERRORS),
            "Catch": [
                {
                    "ErrorEquals": ["States.ALL"],
                    "Assign": {"cause": jsonata(expression.BUCKET_NOT_READABLE)},
                    "Next": "The bucket can't be read",
                }
            ],
            "Next": "Is it in this region?",
        },
        "The bucket can't be read": fail(fields.INPUT_BUCKET_NOT_READABLE, "$cause"),
        "Is it in this region?": choice(
            (expression.IS_BUCKET_IN_REGION, "Plan"), otherwise="The bucket is elsewhere"
        ),
        "The bucket is elsewhere": fail(
            fields.INPUT_BUCKET_IN_OTHER_REGION, expression.BUCKET_IN_OTHER_REGION
        ),
    }


def _plan(integration: str, function: str) -> State:
    """List the input; call the function again until the list is complete."""
    return {
        "Plan": {
            **invoke(
                integration,
                function,
                expression.PLAN_EVENT,
                assigns={"cursor": reply("cursor"), "plan": reply("plan")},
                catch="A function failed",
            ),
            "Next": "Is the plan done?",
        },
        "Is the plan done?": choice(
            ("$cursor != null", "Plan"),
            ("$request.dry_run", "Report the plan"),
            (claims.HAS_KEY, "Claim the key"),
            otherwise="Transform the shards",
        ),
        "Report the plan": {"Type": "Succeed", "Output": jsonata(expression.DRY_RUN_REPORT)},
        "A function failed": {
            "Type": "Fail",
            "Error": "{% $failure.error %}",
            "Cause": "{% $failure.cause %}",
        },
    }


def _transform(integration: str, functions: Mapping[str, str], job: State) -> State:
    """Run each shard in its own execution."""
    return {
        "Transform the shards": {
            "Type": "Map",
            "Label": "Shards",
            "MaxConcurrency": jsonata("$stage.maxJobs"),
            "ItemReader": {
                "Resource": f"{integration}s3:getObject",
                "ReaderConfig": {"InputType": "JSON"},
                "Arguments": {
                    "Bucket": jsonata("$stage.workBucket"),
                    "Key": jsonata("'executions/' & $run.execution & '/shards.json'"),
                },
            },
            "ItemSelector": {
                name: jsonata(value) for name, value in expression.SHARD_INPUT.items()
            },
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                "StartAt": "Read the shard",
                "States": shard_states(integration, functions["reconcile"], job),
            },
            "Assign": {"shardFailure": jsonata(expression.SHARDS_FAILED)},
            # Before it starts an execution. Failures of shards are in their outputs.
            "Retry": retry("States.ItemReaderFailed"),
            "Output": {},
            "Next": "Did a shard fail?",
        },
        "Did a shard fail?": choice(
            ("$shardFailure != null", "A shard failed"), otherwise="Summarize"
        ),
        "A shard failed": {
            "Type": "Fail",
            "Error": "{% $shardFailure.error %}",
            "Cause": "{% $shardFailure.cause %}",
        },
    }


def _summarize(integration: str, function: str) -> State:
    """Summarize the run; it fails if outputs and exceptions don't add up to the inputs."""
    return {
        "Summarize": {
            **invoke(
                integration,
                function,
                expression.SUMMARY_EVENT,
                assigns={"summary": "$states.result.Payload"},
                catch="A function failed",
            ),
            "Next": "Do the accounts balance?",
        },
        "Do the accounts balance?": choice(
            ("$summary.outputs + $summary.exceptions = $summary.inputs", "Tell the account"),
            otherwise="The accounts don't balance",
        ),
        "The accounts don't balance": fail(fields.ACCOUNTS_DO_NOT_BALANCE, expression.UNBALANCED),
    }


def _notify(integration: str, topic: str) -> State:
    """Send an event and a notification, and end the run."""
    return {
        "Tell the account": {
            "Type": "Task",
            "Resource": f"{integration}events:putEvents",
            "Arguments": {
                "Entries": [
                    {
                        "Source": fields.EVENT_SOURCE,
                        "DetailType": fields.EVENT_DETAIL_TYPE,
                        "Detail": jsonata(expression.FINISHED_EVENT),
                    }
                ]
            },
            "Retry": retry("States.TaskFailed"),
            "Catch": [_UNTOLD],
            "Next": "Notify",
        },
        "Notify": {
            "Type": "Task",
            "Resource": f"{integration}sns:publish",
            "Arguments": {
                "TopicArn": topic,
                "Subject": jsonata("$substring('tfbatch: ' & $run.execution, 0, 100)"),
                "Message": jsonata("$summary.text"),
            },
            "Retry": retry("States.TaskFailed"),
            "Catch": [_UNTOLD],
            "Next": "Within max_exceptions?",
        },
        "Its end can't be told": fail(fields.NOT_NOTIFIED, "$cause"),
        "Within max_exceptions?": choice(
            ("$summary.withinLimit", "Report"), otherwise="Too many exceptions"
        ),
        "Too many exceptions": fail(fields.TOO_MANY_EXCEPTIONS, expression.OVER_LIMIT),
        "Report": {"Type": "Succeed", "Output": jsonata(expression.REPORT)},
    }
