"""Pins the CDK's feature flags that change what the constructs of this library make.

An app sets feature flags for itself, in its ``cdk.json``. Constructs with the same settings must be
the same in every app.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from constructs import Construct

FLAGS = {"@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy": True}
"""Without it access logs need ACLs, which the buckets don't have."""


def pin(scope: Construct) -> None:
    """Set the flags for the children of a construct that has none yet."""
    for name, value in FLAGS.items():
        scope.node.set_context(name, value)
