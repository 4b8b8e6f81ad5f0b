"""Makes EventBridge rules start executions, call functions and publish to topics.

moto delivers to queues, logs and buses, and fails the sender for every other target. It also
delivers for rules that are disabled or have no pattern.
"""

from __future__ import annotations

import copy
import logging
import threading
import time
from functools import partial
from typing import TYPE_CHECKING

from moto.events.models import Rule

from tfbatch_sandbox.authorization import actor
from tfbatch_sandbox.authorization.call import Call
from tfbatch_sandbox.authorization.sessions import Credentials
from tfbatch_sandbox.services.events import event_input
from tfbatch_sandbox.services.patch import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from tfbatch_sandbox.services.json_type import Json
    from tfbatch_sandbox.services.runtime import Runtime

    Deliver = Callable[[Json, str, str], object]

_SELF = "events.amazonaws.com"
_ACTIONS = {
    "states": "states:StartExecution",
    "lambda": "lambda:InvokeFunction",
    "sns": "sns:Publish",
}
_LOG = logging.getLogger(__name__)


def install(runtime: Runtime) -> None:
    """Deliver what moto does not."""
    original = Rule.send_to_targets
    replace(
        Rule, "send_to_targets", lambda *given, **named: _send(runtime, original, *given, **named)
    )


def _send(
    runtime: Runtime,
    original: Callable[..., None],
    rule: Rule,
    event: Json,
    transform_input: bool = True,  # noqa: FBT001, FBT002 - moto's
) -> None:
    pattern = rule.event_pattern
    # moto lets a rule without a pattern, which only the clock triggers, match every event,
    # including its own
    if rule.state == "DISABLED" or not pattern.get_pattern() or not pattern.matches_event(event):
        return
    theirs = copy.copy(rule)
    theirs.targets = [target for target in rule.targets if _service(target) not in _DELIVERIES]
    original(theirs, event, transform_input)
    for target in rule.targets:
        if _service(target) in _DELIVERIES:
            payload, late = event_input.payload(target, event), runtime.faults.take_lateness()
            work = partial(_deliver, runtime, rule.arn, target, payload, late)
            threading.Thread(target=work, daemon=True).start()


def _service(target: Json) -> str:
    service: str = target["Arn"].split(":")[2]
    return service


def _deliver(runtime: Runtime, rule_arn: str, target: Json, payload: str, late: float) -> None:
    time.sleep(late)
    try:
        deliver(runtime, target["Arn"], payload, _credentials(runtime, rule_arn, target))
    except Exception:  # noqa: BLE001 - nobody waits for the delivery
        _LOG.exception("An event could not be delivered to %s", target["Arn"])


def _credentials(runtime: Runtime, rule_arn: str, target: Json) -> Credentials:
    """Credentials of the target's role.

    Without one EventBridge calls as itself, if the target allows it.
    """
    if "RoleArn" in target:
        return runtime.sessions.assume(
            target["RoleArn"], service=_SELF, name="EventBridge", source_arn=rule_arn
        )
    itself = actor.service(_SELF, account=rule_arn.split(":")[4], source_arn=rule_arn)
    action = _ACTIONS[_service(target)]
    runtime.guard.check(itself, [Call(action=action, resource=target["Arn"])])
    return Credentials()


def deliver(runtime: Runtime, arn: str, payload: str, credentials: Credentials) -> None:
    """Start an execution, call a function or publish to a topic.

    Raises:
        KeyError: this kind of target isn't supported.
        ClientError: the target refused.
    """
    service, region = arn.split(":")[2:4]
    name = "stepfunctions" if service == "states" else service
    _DELIVERIES[service](runtime.clients.get(name, region, credentials), arn, payload)


def _start(client: Json, arn: str, payload: str) -> None:
    client.start_execution(stateMachineArn=arn, input=payload)


def _call(client: Json, arn: str, payload: str) -> None:
    client.invoke(FunctionName=arn, InvocationType="Event", Payload=payload)


def _publish(client: Json, arn: str, payload: str) -> None:
    client.publish(TopicArn=arn, Message=payload)


_DELIVERIES: dict[str, Deliver] = {"states": _start, "lambda": _call, "sns": _publish}
