"""The findings of cdk-nag and checkov that this app acknowledges, each with a reason.

cdk-nag checks the AWS Solutions and the NIST 800-53 R5 rules. A finding is acknowledged on one
construct, so the checks still report it elsewhere. ``grants.py`` acknowledges wildcards grant by
grant. ``prod`` acknowledges eight findings; a stage with less protection acknowledges more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from aws_cdk import Acknowledgment, CfnResource

from tfbatch_cdk.security.grants import validations

if TYPE_CHECKING:
    from collections.abc import Hashable

    from constructs import IConstruct

_NIST = "NIST.800.53.R5::NIST.800.53.R5-"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """A rule of cdk-nag, of checkov, or the same rule of both."""

    because: str
    """The reason, for a security reviewer."""
    nist: str | None = None
    """The rule of cdk-nag, without the name of its pack."""
    checkov: str | None = None
    template: str | None = None
    """The rule of cfn-lint, which is also that of the CDK's own check of templates."""


REPLICATION = Finding(
    nist="S3BucketReplicationEnabled",
    because="Inputs are copies, and predictions can be computed again. A copy in a second region "
    "doubles the cost and may break rules on where data is stored. Versions and retention guard "
    "against deletion.",
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
    because="Each policy belongs to one role, and CloudFormation creates and deletes both. A "
    "managed policy could be attached to other roles and outlive its purpose.",
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
    because="Nothing uses the VPC's default security group: jobs, functions and endpoints have "
    "groups of their own. Closing it takes a function that may change the rules of any group, "
    "which is the larger risk.",
)
OUTSIDE_A_VPC = Finding(
    nist="LambdaInsideVPC",
    because="The stage has no VPC (Protection.network is None), since VPC endpoints cost money per "
    "hour. The functions call S3, SageMaker and CloudWatch over TLS under their own "
    "roles; only Lambda's API can call them.",
)
DELETED_WITH_ITS_STACK = Finding(
    template="W3011",
    because="A replaced Model stays for the executions that name it, and the last one is deleted "
    "with its stack: a Model has no data.",
)
WILDCARDS = Finding(
    because="Folders are named by executions, objects by shards, and other resources by SageMaker, "
    "Lambda and X-Ray, so grants end in a wildcard; each grant has its reason."
)

IN_PROD = (
    *(REPLICATION, LOGS_BY_S3_KEY, LOGS_OF_LOGS, INLINE_POLICIES, NO_RESERVED_CONCURRENCY),
    *(NO_DEAD_LETTERS, DEFAULT_GROUP, WILDCARDS),
)


def acknowledge(scope: IConstruct, *findings: Finding) -> None:
    """Acknowledge findings on a construct with its children (cdk-nag) and resource (checkov)."""
    ids = [(f"{_NIST}{finding.nist}", finding.because) for finding in findings if finding.nist]
    ids += [
        (f"CloudFormation-Validate::{finding.template}", finding.because)
        for finding in findings
        if finding.template
    ]
    if ids:
        acknowledged = [Acknowledgment(id=name, reason=because) for name, because in ids]
        validations(cast("Hashable", scope)).acknowledge(*acknowledged)
    skipped = [
        {"id": finding.checkov, "comment": finding.because}
        for finding in findings
        if finding.checkov
    ]
    resource = scope if isinstance(scope, CfnResource) else scope.node.default_child
    ignored = [finding.template for finding in findings if finding.template]
    if ignored and isinstance(resource, CfnResource):
        resource.add_metadata("cfn-lint", {"config": {"ignore_checks": ignored}})
    if skipped and isinstance(resource, CfnResource):
        resource.add_metadata("checkov", {"skip": skipped})
