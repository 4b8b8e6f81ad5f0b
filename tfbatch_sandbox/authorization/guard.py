"""Allows or denies calls, and records those of roles."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from tfbatch_sandbox.authorization.network import UnreachableError, Way, way_to
from tfbatch_sandbox.authorization.policy_language.conditions import PolicyError
from tfbatch_sandbox.authorization.policy_language.evaluation import Decision, Policies, decide
from tfbatch_sandbox.authorization.policy_language.policies import Request
from tfbatch_sandbox.authorization.record import Record
from tfbatch_sandbox.authorization.resources import owner_of, tags_on, written_on

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tfbatch_sandbox.authorization.actor import Actor
    from tfbatch_sandbox.authorization.call import Call
    from tfbatch_sandbox.authorization.policy_language.principals import Principal


_QUOTED: Final = "s3:"
_SHOWN: Final = {"sns": "SNS"}


class DeniedError(Exception):
    """A call is denied. The message is AWS's."""


class Guard:
    """Evaluates every policy that applies to a call.

    Args:
        enforces: whether it denies anything. If not, nothing is recorded either.
    """

    def __init__(self, *, enforces: bool) -> None:
        self.enforces = enforces
        self.record = Record()

    def check(self, actor: Actor, calls: Iterable[Call]) -> None:
        """Check that all the calls are allowed.

        Raises:
            DeniedError: one is not.
        """
        if not self.enforces:
            return
        for call in calls:
            decision = self.decide(actor, call)
            if not decision.allowed:
                raise DeniedError(_message(actor, call, decision))

    def decide(self, actor: Actor, call: Call) -> Decision:
        """Decide one call."""
        try:
            written = written_on(call)
            way = _way(actor, call)
        except (PolicyError, UnreachableError) as error:
            return Decision(allowed=False, because=f"because {error}")
        account = owner_of(call) or actor.principal.account
        of_actor = {**actor.context, **(way.context or {})}
        context = _context(of_actor, call, account, actor.principal)
        request = Request(action=call.action, resource=call.resource, context=context)
        policies = Policies(
            identity=actor.identity(),
            boundary=actor.boundary(),
            session=actor.session_policy,
            resource=written.policy,
            needs_resource=written.is_needed,
            is_foreign=written.is_of_kind and account != actor.principal.account,
            endpoint=way.policy,
        )
        decision = decide(request, actor.principal, policies)
        if actor.principal.role_arn is not None:
            self.record.add(actor.principal.role_arn, call, decision)
        return decision


def _way(actor: Actor, call: Call) -> Way:
    """The way that a call takes; S3 calls KMS, and services check passed roles, by themselves."""
    is_indirect = "kms:viaservice" in call.context or call.action == "iam:PassRole"
    return Way() if is_indirect else way_to(call.action.partition(":")[0], actor.attachment)


def _context(
    of_actor: Mapping[str, str | tuple[str, ...]], call: Call, account: str, principal: Principal
) -> Mapping[str, tuple[str, ...]]:
    parts = call.resource.split(":")
    region = parts[3] if parts[0] == "arn" and len(parts) > 3 else ""  # noqa: PLR2004 # a whole one
    now = time.time()
    always = {
        # There is no TLS on 127.0.0.1. The requests stand for those that AWS gets over TLS.
        "aws:securetransport": "true",
        "aws:sourceip": "127.0.0.1",
        "aws:currenttime": datetime.fromtimestamp(now, UTC).isoformat(),
        "aws:epochtime": str(int(now)),
        "aws:resourceaccount": account,
        "kms:calleraccount": principal.account,
        "aws:viaawsservice": "false",
        "aws:principalisawsservice": "false",
    }
    regional = {"aws:requestedregion": region} if region else {}
    merged = always | regional | tags_on(call) | dict(of_actor) | dict(call.context)
    return {key: (value,) if isinstance(value, str) else value for key, value in merged.items()}


def _message(actor: Actor, call: Call, decision: Decision) -> str:
    service, _, operation = call.action.partition(":")
    action = f"{_SHOWN.get(service, service)}:{operation}"
    name = f'"{call.resource}"' if call.action.startswith(_QUOTED) else call.resource
    where = "" if call.resource == "*" else f" on resource: {name}"
    because = "" if call.action == "sts:AssumeRole" else f" {decision.because}"
    return f"User: {actor.principal.arn} is not authorized to perform: {action}{where}{because}"
