"""Who may take a service's role: that service, and only when it acts for this account."""

from __future__ import annotations

from aws_cdk import Aws
from aws_cdk import aws_iam as iam


def for_this_account(service: str) -> iam.ServicePrincipal:
    """A service as a principal, kept from being another account's deputy.

    Source: IAM user guide, "The confused deputy problem".

    Args:
        service: such as ``states``.
    """
    return iam.ServicePrincipal(
        f"{service}.amazonaws.com",
        conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
    )
