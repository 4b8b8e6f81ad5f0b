"""All faults, by family."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.faults import of_data, of_deployments, of_people, of_processes, of_services, of_storage

if TYPE_CHECKING:
    from tests.faults.fault import Fault

FAMILIES: Final[dict[str, tuple[Fault, ...]]] = {
    "processes": of_processes.FAULTS,
    "services": of_services.FAULTS,
    "storage": of_storage.FAULTS,
    "data": of_data.FAULTS,
    "people": of_people.FAULTS,
    "deployments": of_deployments.FAULTS,
}


def named(text: str) -> list[Fault]:
    """The faults whose family or name contains a text, without those of deployments."""
    return [
        fault
        for family, faults in FAMILIES.items()
        for fault in faults
        if (text in family or text in fault.name) and fault not in of_deployments.FAULTS
    ]
