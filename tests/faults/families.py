"""All faults, by family."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.faults import (
    of_access,
    of_data,
    of_deployments,
    of_events,
    of_functions,
    of_jobs,
    of_people,
    of_processes,
    of_storage,
)

if TYPE_CHECKING:
    from tests.faults.fault import Fault

FAMILIES: Final[dict[str, tuple[Fault, ...]]] = {
    "Processes": of_processes.FAULTS,
    "SageMaker": of_jobs.FAULTS,
    "Lambda": of_functions.FAULTS,
    "EventBridge and SNS": of_events.FAULTS,
    "KMS and clocks": of_access.FAULTS,
    "Storage": of_storage.FAULTS,
    "Data": of_data.FAULTS,
    "People": of_people.FAULTS,
    "Deployments": of_deployments.FAULTS,
}


def named(text: str) -> list[Fault]:
    """The faults whose family or name contains a text."""
    return [
        fault
        for family, faults in FAMILIES.items()
        for fault in faults
        if text in family or text in fault.name
    ]
