"""Checks credentials, region and CDK bootstrap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfbatch.doctor.check import Check
from tfbatch.terminal.problem import remedy

if TYPE_CHECKING:
    from collections.abc import Iterator

    import boto3

    from tfbatch_cdk.settings import Stage

BOOTSTRAP = "/cdk-bootstrap/hnb659fds/version"
"""The SSM parameter with the version of the CDK's default bootstrap stack."""
_NEEDED = 6
"""The minimum version for templates of CDK 2."""


def credentials(boto: boto3.Session, stage: Stage) -> Check:
    """Find the caller's identity. Without it no other check works."""
    try:
        who = boto.client("sts").get_caller_identity()
    except Exception as error:
        message = remedy(error)
        if message is None:
            raise
        return Check(name="credentials", status="failed", found="None that work", remedy=message)
    found = f"{who['Arn']}, region {boto.region_name}"
    wanted = ((stage.account, who["Account"]), (stage.region, boto.region_name))
    if any(one and one != is_ for one, is_ in wanted):
        return Check(
            name="credentials",
            status="failed",
            found=f"{found}; stage {stage.name} is of {stage.account or 'any account'} in "
            f"{stage.region or 'any region'}",
            remedy="Choose another --profile, --region or --stage.",
        )
    return Check(name="credentials", status="ok", found=found)


def bootstrap(boto: boto3.Session) -> Iterator[Check]:
    """Check the CDK's bootstrap stack."""
    ssm = boto.client("ssm")
    command = "Run 'cdk bootstrap'."
    try:
        version = int(ssm.get_parameter(Name=BOOTSTRAP)["Parameter"]["Value"])
    except ssm.exceptions.ParameterNotFound:
        yield Check(name="bootstrap", status="failed", found="Not bootstrapped", remedy=command)
        return
    is_old = version < _NEEDED
    yield Check(
        name="bootstrap",
        status="failed" if is_old else "ok",
        found=f"Version {version}" + (f", and {_NEEDED} is needed" if is_old else ""),
        remedy=command if is_old else "",
    )
