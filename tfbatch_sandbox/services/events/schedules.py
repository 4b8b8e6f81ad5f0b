"""Makes EventBridge Scheduler start its targets. moto only stores schedules.

It also creates CloudFormation's ``AWS::Scheduler::Schedule``, which moto skips.
"""

from __future__ import annotations

import logging
import threading
import uuid
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from moto.core.common_models import CloudFormationModel
from moto.scheduler.models import Schedule, scheduler_backends

from tfbatch_sandbox.services.events import event_targets, schedule_times

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tfbatch_sandbox.services.runtime import Runtime

_LOG = logging.getLogger(__name__)
_SERVICE: Final = "scheduler.amazonaws.com"
_TICK_SECONDS: Final = 0.5
_PROPERTIES: Final = {
    "description": "Description",
    "end_date": "EndDate",
    "flexible_time_window": "FlexibleTimeWindow",
    "kms_key_arn": "KmsKeyArn",
    "schedule_expression": "ScheduleExpression",
    "schedule_expression_timezone": "ScheduleExpressionTimezone",
    "start_date": "StartDate",
    "state": "State",
    "target": "Target",
}


def install(runtime: Runtime) -> Callable[[], None]:
    """Start the clock.

    Returns:
        What stops it.
    """
    stopped = threading.Event()
    threading.Thread(target=_run, args=(runtime, stopped), daemon=True).start()
    return stopped.set


def _run(runtime: Runtime, stopped: threading.Event) -> None:
    last = datetime.now(UTC)
    while not stopped.wait(_TICK_SECONDS):
        now = datetime.now(UTC)
        for schedule, due in due_between(last, now):
            work = partial(_start, runtime, schedule, due)
            threading.Thread(target=work, daemon=True).start()
        last = now


def due_between(last: datetime, now: datetime) -> Iterator[tuple[Schedule, datetime]]:
    """Schedules that are due after ``last`` and not after ``now``."""
    for schedule in _enabled():
        try:
            due = _due_at(schedule, last, now)
        except Exception as error:  # noqa: BLE001 # moto accepts any; it must not stop the others
            _LOG.warning("Schedule %s: %r", schedule.arn, error)
            schedule.state = "DISABLED"
            continue
        if due is not None:
            yield schedule, due


def _due_at(schedule: Schedule, last: datetime, now: datetime) -> datetime | None:
    due = schedule_times.next_time(
        schedule.schedule_expression,
        zone=schedule.schedule_expression_timezone,
        created=datetime.fromtimestamp(schedule.creation_date, UTC),
        after=last,
    )
    return due if due is not None and due <= now and _is_in_time(schedule, due) else None


def _enabled() -> list[Schedule]:
    return [
        schedule
        for account in list(scheduler_backends.values())
        for backend in list(account.values())
        for group in list(backend.schedule_groups.values())
        for schedule in list(group.schedules.values())
        if schedule.state == "ENABLED"
    ]


def _is_in_time(schedule: Schedule, due: datetime) -> bool:
    seconds = due.timestamp()
    starts, ends = (_seconds(each) for each in (schedule.start_date, schedule.end_date))
    return (starts is None or seconds >= starts) and (ends is None or seconds <= ends)


def _seconds(value: Any) -> float | None:  # noqa: ANN401 - moto keeps what it was given
    if value is None or isinstance(value, int | float):
        return value
    return datetime.fromisoformat(value).timestamp()


def _start(runtime: Runtime, schedule: Schedule, due: datetime) -> None:
    """Start the target with its role, without waiting."""
    target = schedule.target
    payload = target.get("Input", "{}")
    for name, value in {
        "schedule-arn": schedule.arn,
        "scheduled-time": f"{due:%Y-%m-%dT%H:%M:%SZ}",
        "execution-id": str(uuid.uuid4()),
        "attempt-number": "1",
    }.items():
        payload = payload.replace(f"<aws.scheduler.{name}>", value)
    try:
        credentials = runtime.sessions.assume(
            target["RoleArn"], service=_SERVICE, name="Scheduler", source_arn=schedule.arn
        )
        event_targets.deliver(runtime, target["Arn"], payload, credentials)
    except Exception:  # noqa: BLE001 - nobody waits for it
        _LOG.exception("Schedule %s could not start its target", schedule.arn)
    if schedule.action_after_completion == "DELETE" and "at(" in schedule.schedule_expression:
        _, _, _, region, account, _ = schedule.arn.split(":", 5)
        scheduler_backends[account][region].delete_schedule(schedule.group_name, schedule.name)


class TemplateSchedule(CloudFormationModel):
    """A schedule of a template."""

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule

    @property
    def physical_resource_id(self) -> str:
        """Its name."""
        return str(self.schedule.name)

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        """The attributes of GetAtt."""
        return attr == "Arn"

    def get_cfn_attribute(self, attribute_name: str) -> str:
        """Its ARN, the one attribute there is."""
        return str({"Arn": self.schedule.arn}[attribute_name])

    @staticmethod
    def cloudformation_name_type() -> str:
        """The property with its name."""
        return "Name"

    @staticmethod
    def cloudformation_type() -> str:
        """Its name in templates."""
        return "AWS::Scheduler::Schedule"

    @classmethod
    def create_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
        **_identity: object,
    ) -> TemplateSchedule:
        """Create it."""
        properties = cloudformation_json["Properties"]
        made = scheduler_backends[account_id][region_name].create_schedule(
            **{name: properties.get(each) for name, each in _PROPERTIES.items()},
            group_name=properties.get("GroupName", "default"),
            name=properties.get("Name", resource_name),
            action_after_completion=None,
        )
        return cls(made)

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: TemplateSchedule,
        new_resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> TemplateSchedule:
        """Replace the old one."""
        original_resource.delete(account_id, region_name)
        return cls.create_from_cloudformation_json(
            new_resource_name, cloudformation_json, account_id, region_name
        )

    def delete(self, account_id: str, region: str) -> None:
        """Remove it."""
        backend = scheduler_backends[account_id][region]
        backend.delete_schedule(self.schedule.group_name, self.schedule.name)
