"""Fixtures with the templates of prod and of a test's own stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stacks.stages import stage_named
from tests.tfbatch_cdk.conftest import Assembly, synthesize

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tfbatch_cdk.settings import Stage


@pytest.fixture(scope="session")
def prod(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    return synthesize(tmp_path_factory.mktemp("prod"), stage_named("prod"))


@pytest.fixture(scope="session")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    return synthesize(tmp_path_factory.mktemp("dev"), stage_named("dev"))


@pytest.fixture
def synth(tmp_path: Path) -> Callable[[Stage], Assembly]:
    """A function that synthesizes a stage."""
    return lambda stage: synthesize(tmp_path / stage.name, stage)
