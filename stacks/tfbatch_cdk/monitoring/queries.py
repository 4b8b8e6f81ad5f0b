"""Saved CloudWatch Logs Insights queries for troubleshooting.

Lambda's log lines are JSON with ``execution`` and an optional ``shard``. The workflow's lines have
the execution's ARN. A job's log stream begins with the job's name, which has both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_logs as logs

from tfbatch_cdk.model.sagemaker_model import LOG_GROUP
from tfbatch_cdk.workflow.fields import jobs_of_stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs import Construct

_OF_STAGE = {
    "what a run did": """
        fields @timestamp, coalesce(message, type) as what, execution, shard, @message
        | filter execution = 'EXECUTION' or execution_arn like 'EXECUTION'
        | sort @timestamp asc
        | limit 1000
    """,
    "failed states": """
        fields @timestamp, execution_arn, type, details.name, details.error, details.cause
        | filter type like /Failed|TimedOut|Aborted/
        | sort @timestamp desc
        | limit 200
    """,
    "functions that failed or were slow": """
        fields @timestamp, @duration, @maxMemoryUsed / 1e6 as megabytes, @message
        | filter @message like /Task timed out|errorType|ERROR/ or @duration > 600000
        | sort @timestamp desc
        | limit 200
    """,
    "what runs cost": """
        filter ispresent(Usd)
        | stats count(*) as runs, sum(Usd) as usd, sum(Records) as records,
                sum(Exceptions) + sum(RecordErrors) as exceptions by Model, bin(1d)
    """,
}

_OF_JOBS = {
    "errors in containers": """
        fields @timestamp, @logStream, @message
        | filter @logStream like /^JOBS-OF-STAGE/ and @message like /(?i)error|exception|traceback/
        | sort @timestamp desc
        | limit 200
    """,
    "what a job's containers say": """
        fields @timestamp, @logStream, @message
        | filter @logStream like 'JOB-NAME'
        | sort @timestamp asc
        | limit 1000
    """,
}


def save(scope: Construct, *, stage: str, log_groups: Sequence[str]) -> None:
    """Save the queries under ``tfbatch/<stage>/``."""
    for groups, queries in ((log_groups, _OF_STAGE), ([LOG_GROUP], _OF_JOBS)):
        for name, query in queries.items():
            lines = [line.strip() for line in query.strip().splitlines()]
            logs.CfnQueryDefinition(
                scope,
                "Query" + "".join(filter(str.isalnum, name.title())),
                name=f"tfbatch/{stage}/{name}",
                log_group_names=list(groups),
                query_string="\n".join(lines).replace("JOBS-OF-STAGE", jobs_of_stage(stage)),
            )
