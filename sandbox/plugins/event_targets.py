"""EventBridge rules that start executions, call functions and publish to topics.

moto delivers to queues, logs and buses, fails the sender for every other target, and delivers for
rules that are disabled.
"""

from __future__ import annotations

import copy
import logging
import threading
from functools import partial
from typing import TYPE_CHECKING

from moto.events.models import Rule

from sandbox.plugins import event_input
from sandbox.plugins.patch import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.plugins.json_type import Json
    from sandbox.plugins.runtime import Runtime

    Deliver = Callable[[Runtime, str, str], object]

_LOG = logging.getLogger(__name__)


def install(runtime: Runtime) -> None:
    """Deliver here what moto does not."""
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
    if rule.state == "DISABLED" or not rule.event_pattern.matches_event(event):
        return
    theirs = copy.copy(rule)
    theirs.targets = [target for target in rule.targets if _service(target) not in _DELIVERIES]
    original(theirs, event, transform_input)
    for target in rule.targets:
        if _service(target) in _DELIVERIES:
            work = partial(_deliver, runtime, target, event_input.payload(target, event))
            threading.Thread(target=work, daemon=True).start()


def _service(target: Json) -> str:
    service: str = target["Arn"].split(":")[2]
    return service


def _deliver(runtime: Runtime, target: Json, payload: str) -> None:
    try:
        _DELIVERIES[_service(target)](runtime, target["Arn"], payload)
    except Exception:  # noqa: BLE001 - nobody waits for the delivery
        _LOG.exception("An event could not be delivered to %s", target["Arn"])


def _client(runtime: Runtime, service: str, arn: str) -> Json:
    session = runtime.session(arn.split(":")[3])
    return session.client(service, endpoint_url=runtime.endpoint_url)  # type: ignore[call-overload]


def _start(runtime: Runtime, arn: str, payload: str) -> None:
    _client(runtime, "stepfunctions", arn).start_execution(stateMachineArn=arn, input=payload)


def _call(runtime: Runtime, arn: str, payload: str) -> None:
    _client(runtime, "lambda", arn).invoke(
        FunctionName=arn, InvocationType="Event", Payload=payload
    )


def _publish(runtime: Runtime, arn: str, payload: str) -> None:
    _client(runtime, "sns", arn).publish(TopicArn=arn, Message=payload)


_DELIVERIES: dict[str, Deliver] = {"states": _start, "lambda": _call, "sns": _publish}
