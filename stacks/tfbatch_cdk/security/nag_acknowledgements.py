"""What cdk-nag and checkov find and we accept, each with its reason: eight findings in ``prod``.

cdk-nag runs with the AWS Solutions and the NIST 800-53 R5 rules. A finding is accepted where it
stands, on the construct, so that the same one elsewhere is still found. Wildcards, the eighth,
are accepted grant by grant, in ``permissions.py``. A stage that leaves a protection out accepts
what that leaves open.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aws_cdk import Acknowledgment, CfnResource, Validations

if TYPE_CHECKING:
    from constructs import IConstruct

_NIST = "NIST.800.53.R5::NIST.800.53.R5-"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """A rule of one checker or of two that say the same."""

    because: str
    """The reason, for a security reviewer."""
    nist: str | None = None
    """Its rule of cdk-nag's, without the pack's name."""
    checkov: str | None = None


REPLICATION = Finding(
    nist="S3BucketReplicationEnabled",
    because="Inputs are copies and predictions can be made again from them; a copy in a second "
    "region costs as much as the first and may take data where it must not be. Versions and "
    "retention guard against deletion.",
)
LOGS_BY_S3_KEY = Finding(
    nist="S3DefaultEncryptionKMS",
    because="S3 delivers access logs only to buckets encrypted with its own keys (SSE-S3). They "
    "name objects, requesters and times, and hold no data.",
)
LOGS_OF_LOGS = Finding(
    checkov="CKV_AWS_18",
    because="This is the bucket of access logs: logging its own access would write without end. "
    "CloudTrail's data events cover who reads it.",
)
INLINE_POLICIES = Finding(
    nist="IAMNoInlinePolicy",
    because="Each policy belongs to one role, which CloudFormation makes and deletes with it. As a "
    "managed policy it could be attached to others and outlive what it was written for.",
)
NO_RESERVED_CONCURRENCY = Finding(
    nist="LambdaConcurrency",
    checkov="CKV_AWS_115",
    because="The workflow calls as many at a time as Compute.max_jobs allows. A reservation takes "
    "from the account's other functions, and makes the deployment to a fresh account fail, whose "
    "quota is ten.",
)
NO_DEAD_LETTERS = Finding(
    nist="LambdaDLQ",
    checkov="CKV_AWS_116",
    because="The workflow calls the functions and waits for their answer: it has the error, and "
    "tries again or ends the run. Of the one that an event calls, the alarm StuckJob tells.",
)
DEFAULT_GROUP = Finding(
    nist="VPCDefaultSecurityGroupClosed",
    because="Nothing is put into the VPC's default security group: jobs, functions and endpoints "
    "name theirs. CloudFormation can close it only by a function that may change any group's "
    "rules, which would be the larger risk.",
)
OUTSIDE_A_VPC = Finding(
    nist="LambdaInsideVPC",
    because="The stage was given no network (Protection.network is None), whose endpoints cost "
    "money by the hour. The functions call S3, SageMaker and CloudWatch over TLS under their own "
    "roles; nothing can call them but Lambda's own API.",
)
WILDCARDS = Finding(
    because="Executions name their folders, shards their objects, and SageMaker, Lambda and X-Ray "
    "their own resources, so that grants end in a wildcard; each has its reason beside it.",
)

IN_PROD = (
    *(REPLICATION, LOGS_BY_S3_KEY, LOGS_OF_LOGS, INLINE_POLICIES, NO_RESERVED_CONCURRENCY),
    *(NO_DEAD_LETTERS, DEFAULT_GROUP, WILDCARDS),
)


def acknowledge(scope: IConstruct, *findings: Finding) -> None:
    """Accept findings on a construct and all in it (cdk-nag), and on its resource (checkov)."""
    for finding in findings:
        if finding.nist:
            told = Acknowledgment(id=f"{_NIST}{finding.nist}", reason=finding.because)
            Validations.of(scope).acknowledge(told)
    skipped = [
        {"id": finding.checkov, "comment": finding.because}
        for finding in findings
        if finding.checkov
    ]
    resource = scope if isinstance(scope, CfnResource) else scope.node.default_child
    if skipped and isinstance(resource, CfnResource):
        resource.add_metadata("checkov", {"skip": skipped})
