"""The credentials for a stack: the roles of its bootstrap, or else the caller's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tfbatch.review.sides.deployed.stacks import session_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boto3 import Session

    from tfbatch.review.sides.stacks import Stack

_SESSION = "tfbatch-review"


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """The account and region of a stack."""

    own: Session
    """With the caller's credentials."""
    account: str
    partition: str

    @classmethod
    def to(cls, stack: Stack) -> Access:
        """The account and region of a stack.

        Raises:
            ReviewError: the credentials belong to another account.
        """
        own = session_of(stack)
        identity = own.client("sts").get_caller_identity()
        return cls(own=own, account=identity["Account"], partition=identity["Arn"].split(":")[1])

    def resolved(self, text: str) -> str:
        """A name of the manifest without the CDK's placeholders."""
        values = {"Partition": self.partition, "AccountId": self.account}
        for name, value in {**values, "Region": str(self.own.region_name)}.items():
            text = text.replace(f"${{AWS::{name}}}", value)
        return text

    def acting(self, named: Mapping[str, Any]) -> Session:
        """A session of the role that a part of the manifest names.

        Without one, or where the caller may not assume it, the caller's own, as in the CDK's
        command.

        Args:
            named: the properties of a stack, or a destination of an asset.
        """
        import boto3  # noqa: PLC0415 # only if requested
        from botocore.exceptions import ClientError  # noqa: PLC0415 # only if requested

        if not (role := named.get("assumeRoleArn")):
            return self.own
        external = named.get("assumeRoleExternalId")
        more = {"ExternalId": str(external)} if external else {}
        sts = self.own.client("sts")
        try:
            given = sts.assume_role(
                RoleArn=self.resolved(str(role)), RoleSessionName=_SESSION, **more
            )["Credentials"]
        except ClientError:
            return self.own
        return boto3.Session(
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given["SessionToken"],
            region_name=self.own.region_name,
        )
