"""What AWS charges, as far as a review compares it: US East (N. Virginia), on demand."""

from __future__ import annotations

AS_OF = "October 2026"

HOURLY = {
    "g4dn.xlarge": 0.7364,
    "g4dn.2xlarge": 0.94,
    "g5.xlarge": 1.408,
    "g5.2xlarge": 1.515,
    "g5.4xlarge": 2.03,
    "g5.8xlarge": 3.06,
    "g5.12xlarge": 7.09,
    "g5.24xlarge": 10.18,
    "g5.48xlarge": 20.36,
    "g6.xlarge": 1.13,
    "g6.2xlarge": 1.22,
    "g6.4xlarge": 1.65,
    "g6.8xlarge": 2.52,
    "p3.2xlarge": 3.825,
    "p3.8xlarge": 14.688,
}
"""USD for an hour of a SageMaker instance, by its type without ``ml.``."""

MONTHLY = {
    "AWS::KMS::Key": 1.00,
    "AWS::CloudWatch::Alarm": 0.10,
    "AWS::CloudWatch::Dashboard": 3.00,
    "AWS::SecretsManager::Secret": 0.40,
    "AWS::EC2::NatGateway": 32.85,
    "AWS::EC2::VPCEndpoint": 7.30,
}
"""USD that one costs in each month of 730 hours, used or not; an interface endpoint in one zone."""

HOURS_IN_A_MONTH = 730
