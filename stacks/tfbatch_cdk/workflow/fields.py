"""The words of an execution's input, output and errors, once for every side that uses them."""

import hashlib
import re

# An execution's input; `request.py` says what each may be.
INPUT = "input"
MODEL = "model"
FORMAT = "format"
OUTPUT = "output"
INSTANCES = "instances"
DEADLINE_MINUTES = "deadline_minutes"
BUDGET_USD = "budget_usd"
MAX_EXCEPTIONS = "max_exceptions"
DRY_RUN = "dry_run"
KEY = "key"

# An execution's output, beside the request's input, output, model and format.
PLAN = "plan"
"""What was planned: objects, bytes, shards, estimated minutes and USD."""
SUMMARY = "summary"
"""What came of it, as in ``summary.json``; not there after a dry run."""
DUPLICATE = "duplicate"
"""``true`` when a request with the same key ran before: nothing was done."""

# Errors that end an execution. Those of the plan are named as its function's exceptions are.
INVALID_REQUEST = "InvalidRequest"
INPUT_BUCKET_NOT_READABLE = "InputBucketNotReadable"
INPUT_BUCKET_IN_OTHER_REGION = "InputBucketInOtherRegion"
EMPTY_INPUT = "EmptyInput"
TRANSFORM_JOB_REFUSED = "TransformJobRefused"
TRANSFORM_JOB_FAILED = "TransformJobFailed"
NO_CAPACITY = "NoCapacity"
TOO_MANY_EXCEPTIONS = "TooManyExceptions"
ACCOUNTS_DO_NOT_BALANCE = "AccountsDoNotBalance"

# The event that a finished run puts on the account's default bus, and to the topic.
EVENT_SOURCE = "tfbatch"
EVENT_DETAIL_TYPE = "tfbatch Run Finished"


def job_prefix(execution_arn: str) -> str:
    """How the names of an execution's transform jobs begin, and no other's.

    The workflow makes them (``shard_expressions.JOB_NAME``). ``tfbatch_functions/handlers/stop.py``
    has a copy, because the functions are deployed without this package.
    """
    words = re.sub("[^A-Za-z0-9]+", "-", execution_arn.rpartition(":")[2])[:30]
    return f"tfbatch-{words}-{hashlib.sha256(execution_arn.encode()).hexdigest()[:8]}-"
