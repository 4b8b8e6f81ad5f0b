"""The stages of this repository, and one that waits for its jobs by ``.sync``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from stacks.stages import STAGES, stage_named
from tests.aws.workflows import definitions, states
from tests.tfbatch_cdk.conftest import synthesize

if TYPE_CHECKING:
    from tests.aws.workflows import State
    from tests.tfbatch_cdk.conftest import Assembly


def pytest_itemcollected(item: pytest.Item) -> None:
    """All tests here are of ``make check-aws``."""
    item.add_marker(pytest.mark.aws)


@pytest.fixture(scope="session")
def assemblies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Assembly]:
    dev = stage_named("dev")
    plain = replace(dev, name="plain", container=replace(dev.container, ami_version=None))
    return {
        stage.name: synthesize(tmp_path_factory.mktemp(stage.name), stage)
        for stage in (*STAGES, plain)
    }


@pytest.fixture(scope="session")
def machines(assemblies: dict[str, Assembly]) -> list[dict[str, object]]:
    """The definitions of all state machines."""
    return [one for assembly in assemblies.values() for one in definitions(assembly).values()]


@pytest.fixture(scope="session")
def tasks(machines: list[dict[str, object]]) -> list[State]:
    """The tasks of all state machines."""
    found = [state for machine in machines for state in states(machine)]
    return [state for state in found if state.body["Type"] == "Task"]
