"""The states that run a request with a key once.

A run claims its key when its plan is accepted: it writes its ARN to ``keys/KEY`` in the work
bucket. Only one execution can create the object. A key whose run failed or was stopped is free
again: the next run replaces the object that it read, which only one execution can do either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfbatch_cdk.workflow import fields
from tfbatch_cdk.workflow.asl import S3_ERRORS, choice, fail, jsonata, retry

if TYPE_CHECKING:
    from tfbatch_cdk.workflow.asl import State

HAS_KEY = "$request.key != null and $not($request.dry_run)"

_OBJECT = {
    "Bucket": jsonata("$stage.workBucket"),
    "Key": jsonata("'keys/' & $request.key"),
}

_NEW_OBJECT = """
$merge([
  {
    'Bucket': $stage.workBucket,
    'Key': 'keys/' & $request.key,
    'Body': $run.arn
  },
  $claim = null ? {'IfNoneMatch': '*'} : {'IfMatch': $claim.etag}
])
"""

_CLAIM = "{'etag': $states.result.ETag, 'execution': $states.result.Body}"

_ERROR = "$states.errorOutput.Error & ': ' & $states.errorOutput.Cause"

_WAS_QUICKER = r"$contains($cause, /Status Code: (404|409|412)\b/)"
"""Another execution wrote the object (412), is writing it (409), or it was deleted (404). S3 says
so by its status alone: no model has names for it."""

_DUPLICATE = """
{
  'duplicate': true,
  'key': $request.key,
  'execution': $claim.execution,
  'text': 'A request with the key ' & $request.key
    & ($status = 'SUCCEEDED' ? ' ran before' : ' is running') & ': nothing was done. Its execution '
    & 'is ' & $claim.execution & '. Give another key to run again.'
}
"""

_NOT_CLAIMED = """
'Whether a request with the key ' & $request.key & ' ran before can not be seen, so nothing was '
& 'done: ' & $cause & ' See s3://' & $stage.workBucket & '/keys/' & $request.key & ', which names '
& 'its execution. Delete the object, or give another key, to run again.'
"""


def claim_states(integration: str) -> State:
    """The states from the check for a key to ``Find the input bucket``, and from the plan on.

    Args:
        integration: the beginning of the resource ARNs, ``arn:aws:states:::``.
    """
    unclear = {
        "ErrorEquals": ["States.ALL"],
        "Assign": {"cause": jsonata(_ERROR)},
        "Next": "The key can't be claimed",
    }
    return {
        "Has it a key?": choice((HAS_KEY, "Read the claim"), otherwise="Find the input bucket"),
        "Read the claim": {
            "Type": "Task",
            "Resource": f"{integration}aws-sdk:s3:getObject",
            "Arguments": _OBJECT,
            "Assign": {"claim": jsonata(_CLAIM)},
            "Retry": retry(*S3_ERRORS),
            "Catch": [
                {
                    "ErrorEquals": ["S3.NoSuchKeyException"],
                    "Assign": {"claim": None},
                    "Next": "Is there a plan?",
                },
                unclear,
            ],
            "Next": "Is it this run's?",
        },
        # S3 wrote the object, and its answer was lost.
        "Is it this run's?": choice(
            ("$claim.execution = $run.arn", "Transform the shards"), otherwise="Look at its run"
        ),
        "Look at its run": {
            "Type": "Task",
            "Resource": f"{integration}aws-sdk:sfn:describeExecution",
            "Arguments": {
                "ExecutionArn": jsonata("$claim.execution"),
                "IncludedData": "METADATA_ONLY",
            },
            "Assign": {"status": jsonata("$states.result.Status")},
            "Retry": retry("Sfn.SfnException", "Sfn.SdkClientException"),
            "Catch": [unclear],
            "Next": "Is the key free?",
        },
        "Is the key free?": choice(
            ("$status in ['ABORTED', 'FAILED', 'TIMED_OUT']", "Is there a plan?"),
            otherwise="It ran before",
        ),
        "It ran before": {"Type": "Succeed", "Output": jsonata(_DUPLICATE)},
        "Is there a plan?": choice(
            ("$plan != null", "Claim the key"), otherwise="Find the input bucket"
        ),
        **_claim(integration),
    }


def _claim(integration: str) -> State:
    """Write the object, unless another execution was quicker."""
    return {
        "Claim the key": {
            "Type": "Task",
            "Resource": f"{integration}aws-sdk:s3:putObject",
            "Arguments": jsonata(_NEW_OBJECT),
            "Retry": retry(*S3_ERRORS),
            "Catch": [
                {
                    "ErrorEquals": ["States.ALL"],
                    "Assign": {"cause": jsonata(_ERROR)},
                    "Next": "Was another run quicker?",
                }
            ],
            "Next": "Transform the shards",
        },
        "Was another run quicker?": choice(
            (_WAS_QUICKER, "Read the claim"), otherwise="The key can't be claimed"
        ),
        "The key can't be claimed": fail(fields.KEY_NOT_CLAIMED, _NOT_CLAIMED),
    }
