"""The prices of AWS that a review uses: US East (N. Virginia), on demand."""

from __future__ import annotations

from tfbatch_cdk.settings.prices import table

_REGION = "us-east-1"


def as_of() -> str:
    """When the table of hourly prices was read."""
    return table()[_REGION]["read"]


def hourly(kind: str) -> float | None:
    """USD for an hour of a SageMaker instance, by its type without ``ml.``."""
    return table()[_REGION]["usd_per_hour"].get(kind)


MONTHLY = {
    "AWS::KMS::Key": 1.00,
    "AWS::CloudWatch::Alarm": 0.10,
    "AWS::CloudWatch::Dashboard": 3.00,
    "AWS::SecretsManager::Secret": 0.40,
    "AWS::EC2::NatGateway": 32.85,
    "AWS::EC2::VPCEndpoint": 7.30,
}
"""USD a month of 730 hours, without use; an interface endpoint in one zone."""

HOURS_IN_A_MONTH = 730
