"""The boto3 session of a command: stage, region and profile."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import boto3

DEFAULT_STAGE = "dev"


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """A stage's account and region. Equal sessions share their boto3 session."""

    stage: str = DEFAULT_STAGE
    stack: str | None = None
    """A stack of one's own with a ``BatchInference``; ``None``: the stacks of tfbatch's app."""
    region: str | None = None
    """``None`` for the AWS CLI's default (environment, then profile)."""
    profile: str | None = None
    show_aws: bool = False
    """Print the equivalent ``aws`` commands and do nothing."""

    @property
    def boto(self) -> boto3.Session:
        """boto3's session: ``session.boto.client("s3")``.

        Raises:
            botocore.exceptions.BotoCoreError: there is no such profile.
        """
        return _boto(self.profile, self.region)

    @property
    def options(self) -> str:
        """Options that make a command use the same stage, such as `` --stage prod``."""
        stage = None if self.stage == DEFAULT_STAGE else self.stage
        given = (
            ("--stage", stage),
            ("--stack", self.stack),
            ("--region", self.region),
            ("--profile", self.profile),
        )
        return "".join(f" {name} {shlex.quote(value)}" for name, value in given if value)

    @property
    def where(self) -> str:
        """Region and account for messages, without a call to AWS."""
        endpoint = os.environ.get("AWS_ENDPOINT_URL")
        region = self.boto.region_name or "no region"
        return f"{region} at {endpoint}" if endpoint else region


def forget() -> None:
    """Drop boto3's sessions, after a change of the environment."""
    _boto.cache_clear()


@cache
def _boto(profile: str | None, region: str | None) -> boto3.Session:
    import boto3  # noqa: PLC0415 # takes 0.2 s, too slow for --help

    # SDKs read AWS_REGION, but boto3's session only AWS_DEFAULT_REGION.
    chosen = region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    return boto3.Session(profile_name=profile, region_name=chosen)
