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
    region: str | None = None
    """``None``: the AWS CLI's own (variables, then the profile's)."""
    profile: str | None = None
    show_aws: bool = False
    """Print the ``aws`` commands that do the same, and do nothing."""

    @property
    def boto(self) -> boto3.Session:
        """boto3's session: ``session.boto.client("s3")``.

        Raises:
            botocore.exceptions.BotoCoreError: there is no such profile.
        """
        return _boto(self.profile, self.region)

    @property
    def options(self) -> str:
        """What to add to a command for it to talk to the same stage, such as `` --stage prod``."""
        stage = None if self.stage == DEFAULT_STAGE else self.stage
        given = (("--stage", stage), ("--region", self.region), ("--profile", self.profile))
        return "".join(f" {name} {shlex.quote(value)}" for name, value in given if value)

    @property
    def where(self) -> str:
        """Region and account in words, for messages; asks nobody."""
        endpoint = os.environ.get("AWS_ENDPOINT_URL")
        region = self.boto.region_name or "no region"
        return f"{region} at {endpoint}" if endpoint else region


def forget() -> None:
    """Make boto3's sessions anew, for whoever changes the environment."""
    _boto.cache_clear()


@cache
def _boto(profile: str | None, region: str | None) -> boto3.Session:
    import boto3  # noqa: PLC0415 # a fifth of a second, which --help must not cost

    # The SDKs read AWS_REGION, boto3's own session only AWS_DEFAULT_REGION.
    chosen = region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    return boto3.Session(profile_name=profile, region_name=chosen)
