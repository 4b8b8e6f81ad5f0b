"""The resource policy by which Step Functions delivers logs, and its limit.

Each log group of a state machine is added to one policy of the account, which has room for 5,120
characters. When it is full no more state machines with logs can be created. Groups whose names
begin with ``/aws/vendedlogs/`` share one entry.

Source: Step Functions developer guide, "Using CloudWatch Logs to log execution history"; CloudWatch
Logs user guide, "Logging that requires additional permissions", policy size.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from moto.logs.models import logs_backends

from tfbatch_sandbox.services.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping

POLICY: Final = "AWSLogDeliveryWrite20150319"
_MOST_CHARACTERS: Final = 5120
_SHARED: Final = "/aws/vendedlogs/"


def deliver(config: Mapping[str, Any], account: str, region: str) -> None:
    """Add a state machine's log groups to the policy.

    Args:
        config: its ``loggingConfiguration``.
        account: of the state machine.
        region: of the state machine.

    Raises:
        ApiError: ``InvalidLoggingConfiguration``: the policy is full.
    """
    backend = logs_backends[account][region]
    policy = backend.resource_policies.get(POLICY)
    listed = json.loads(policy.policy_document)["Statement"][0]["Resource"] if policy else []
    groups = [
        each["cloudWatchLogsLogGroup"]["logGroupArn"] for each in config.get("destinations") or ()
    ]
    text = json.dumps(_document(dict.fromkeys([*listed, *map(_entry, groups)])))
    if len(text) > _MOST_CHARACTERS:
        raise ApiError(
            "InvalidLoggingConfiguration",
            "The CloudWatch Logs Resource Policy size was exceeded. We suggest prefixing your "
            "CloudWatch log group name with /aws/vendedlogs/states/.",
        )
    backend.put_resource_policy(POLICY, text)


def _entry(arn: str) -> str:
    before, mark, _ = arn.partition(f":log-group:{_SHARED}")
    return f"{before}{mark}*" if mark else arn


def _document(resources: Mapping[str, None]) -> dict[str, Any]:
    statement = {
        "Sid": "AWSLogDeliveryWrite",
        "Effect": "Allow",
        "Principal": {"Service": "delivery.logs.amazonaws.com"},
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": list(resources),
    }
    return {"Version": "2012-10-17", "Statement": [statement]}
