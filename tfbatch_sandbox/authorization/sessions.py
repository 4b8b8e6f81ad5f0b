"""Creates temporary credentials of roles, and finds the owner of an access key."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from tfbatch_sandbox.authorization import actor, network
from tfbatch_sandbox.authorization.call import Call
from tfbatch_sandbox.server.settings import ACCOUNT_ID

if TYPE_CHECKING:
    from collections.abc import Mapping

    from moto.iam.models import IAMBackend

    from tfbatch_sandbox.authorization.actor import Actor
    from tfbatch_sandbox.authorization.guard import Guard
    from tfbatch_sandbox.authorization.network import Attachment

OWNERS_KEY: Final = "sandbox"
_HOURS: Final = 12
_NAME: Final = 64
_ACCOUNT: Final = re.compile(r"[0-9]{12}")


def names_account(access_key: str) -> bool:
    """Whether an access key is the number of an account: another one than the sandbox's."""
    return _ACCOUNT.fullmatch(access_key) is not None


class CannotAssumeError(Exception):
    """A service can't assume a role: it doesn't exist, or its trust policy doesn't allow it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Access keys of a session, or of the root user."""

    access_key: str = OWNERS_KEY
    secret: str = OWNERS_KEY
    token: str | None = None

    def environment(self) -> dict[str, str]:
        """As environment variables."""
        keys = {"AWS_ACCESS_KEY_ID": self.access_key, "AWS_SECRET_ACCESS_KEY": self.secret}
        return keys | ({"AWS_SESSION_TOKEN": self.token} if self.token else {})


class Sessions:
    """All sessions of one sandbox.

    Args:
        guard: checks trust policies. If it is off, every role is the root user.
    """

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._lock = threading.Lock()
        self._given: dict[tuple[str, str, str, Attachment | None], Credentials] = {}
        self._attached: dict[str, Attachment] = {}
        self._actors: dict[str, Actor] = {}
        self._owner = actor.owner(ACCOUNT_ID)

    def assume(  # keyword-only
        self,
        role_arn: str,
        *,
        service: str,
        name: str,
        source_arn: str = "",
        attachment: Attachment | None = None,
    ) -> Credentials:
        """Create credentials of a role for an AWS service.

        Args:
            role_arn: the role.
            service: ``lambda.amazonaws.com``.
            name: name of the session, visible in its calls.
            source_arn: the resource for which the service acts.
            attachment: where the session's calls come from, if they come from a VPC.

        Raises:
            CannotAssumeError: the role doesn't exist or doesn't trust the service.
        """
        if not self._guard.enforces:
            return Credentials()
        account = role_arn.split(":")[4] if role_arn.count(":") > 4 else ""  # noqa: PLR2004
        asking = actor.service(service, account=account, source_arn=source_arn)
        call = Call(action="sts:AssumeRole", resource=role_arn)
        if not self._guard.decide(asking, call).allowed:
            raise CannotAssumeError(f"{service} can not assume {role_arn}")
        key = (role_arn, service, name[:_NAME], attachment)
        with self._lock:
            if key not in self._given:
                made = self._given[key] = _made(role_arn, name[:_NAME], account)
                if attachment is not None:
                    self._attached[made.access_key] = attachment
            return self._given[key]

    def actor(self, access_key: str) -> Actor:
        """The principal of an access key; the root user if the sandbox did not create the key.

        A key of twelve digits is that of the root user of the account with this number.
        """
        if access_key in self._actors:
            return self._actors[access_key]
        if names_account(access_key):
            return actor.owner(access_key)
        found = _found(access_key)
        if found is None:
            return self._owner
        attachment = self._attached.get(access_key)
        self._actors[access_key] = replace(found, attachment=attachment)
        return self._actors[access_key]

    def check_reach(self, authorization: str) -> None:
        """Check that a request gets here from the caller's network.

        Args:
            authorization: the request's header.

        Raises:
            UnreachableError: it would not.
        """
        signed = network.signed_for(authorization) if self._attached else None
        if signed is not None:
            access_key, service = signed
            network.way_to(service, self._attached.get(access_key))


def _made(role_arn: str, name: str, account: str) -> Credentials:
    from moto.sts.models import sts_backends  # noqa: PLC0415 - seconds, and only with roles

    made = sts_backends[account]["aws"].assume_role(
        region_name="us-east-1",
        role_session_name=name,
        role_arn=role_arn,
        policy="",
        duration=_HOURS * 3600,
        external_id="",
    )
    return Credentials(
        access_key=made.access_key_id, secret=made.secret_access_key, token=made.session_token
    )


def _found(access_key: str) -> Actor | None:
    from moto.iam.models import get_account_id_from, iam_backends  # noqa: PLC0415
    from moto.sts.models import sts_backends  # noqa: PLC0415

    account = get_account_id_from(access_key)
    backend: IAMBackend = iam_backends[account]["aws"]
    key = backend.access_keys.get(access_key)
    if key is None:
        return None
    assumed = sts_backends[account]["aws"].get_assumed_role_from_access_key(access_key)
    if assumed is not None:
        return actor.session(assumed, backend.get_role_by_arn(assumed.role_arn), backend)
    users: Mapping[str, object] = backend.users
    if key.user_name in users:
        return actor.user(backend.users[key.user_name], account, backend)
    return None
