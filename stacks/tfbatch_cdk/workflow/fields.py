"""Field and error names of an execution's input, output and event."""

import hashlib
import re

# An execution's input; `request.py` has their schema.
INPUT = "input"
MODEL = "model"
FORMAT = "format"
OUTPUT = "output"
INSTANCES = "instances"
INSTANCE_TYPES = "instance_types"
MAX_CONCURRENT_TRANSFORMS = "max_concurrent_transforms"
MAX_PAYLOAD_MB = "max_payload_mb"
BATCH_STRATEGY = "batch_strategy"
ENVIRONMENT = "environment"
DEADLINE_MINUTES = "deadline_minutes"
BUDGET_USD = "budget_usd"
MAX_EXCEPTIONS = "max_exceptions"
DRY_RUN = "dry_run"
KEY = "key"

NULL = "{% null %}"
"""A setting without a value, in the deployed definition."""

# An execution's output, with the request's input, output, model and format.
PLAN = "plan"
"""The plan: objects, bytes, shards, estimated minutes and USD."""
SUMMARY = "summary"
"""The contents of ``summary.json``; missing after a dry run."""
DUPLICATE = "duplicate"
"""``true`` if a request with the same key ran before, and nothing was done."""

# Errors that end an execution; errors of Plan have the names of its function's exceptions.
INVALID_REQUEST = "InvalidRequest"
KEY_NOT_CLAIMED = "KeyNotClaimed"
INPUT_BUCKET_NOT_READABLE = "InputBucketNotReadable"
INPUT_BUCKET_IN_OTHER_REGION = "InputBucketInOtherRegion"
EMPTY_INPUT = "EmptyInput"
TRANSFORM_JOB_REFUSED = "TransformJobRefused"
TRANSFORM_JOB_FAILED = "TransformJobFailed"
NO_CAPACITY = "NoCapacity"
TOO_MANY_EXCEPTIONS = "TooManyExceptions"
NOT_NOTIFIED = "NotNotified"
ACCOUNTS_DO_NOT_BALANCE = "AccountsDoNotBalance"

# The event of a finished run, on the account's default event bus.
EVENT_SOURCE = "tfbatch"
EVENT_DETAIL_TYPE = "tfbatch Run Finished"


def jobs_of_stage(stage: str) -> str:
    """The prefix of the names of a stage's transform jobs: two stages may share an account."""
    return f"tfbatch-{stage}-"


def job_prefix(stage: str, execution_arn: str) -> str:
    """The prefix of the names of an execution's transform jobs, 51 characters at most.

    The workflow uses the same rule (``expressions.RUN``), and so does
    ``tfbatch_functions/handlers/stop.py``, because functions are deployed without this package.
    """
    of_stage = jobs_of_stage(stage)
    words = re.sub("[^A-Za-z0-9]+", "-", execution_arn.rpartition(":")[2])[: 41 - len(of_stage)]
    return f"{of_stage}{words}-{hashlib.sha256(execution_arn.encode()).hexdigest()[:8]}-"
