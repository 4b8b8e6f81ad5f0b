"""Fixtures that synthesize each stage once per session and return its templates."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from aws_cdk import App

from app import build
from stacks.stages import STAGES
from tests.paths import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tfbatch_cdk.settings import Stage

Template = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Assembly:
    """One stage's cloud assembly."""

    directory: Path
    data: Template
    inference: Template

    def of_type(self, kind: str) -> dict[str, Template]:
        """The resources of a CloudFormation type in both stacks, by logical id."""
        resources = self.data["Resources"] | self.inference["Resources"]
        return {name: one for name, one in resources.items() if one["Type"] == kind}

    def one(self, kind: str) -> Template:
        """The properties of the only resource of a type."""
        (resource,) = self.of_type(kind).values()
        properties: Template = resource["Properties"]
        return properties


def synthesize(directory: Path, stage: Stage) -> Assembly:
    context = json.loads((REPOSITORY / "cdk.json").read_text())["context"]
    app = App(outdir=str(directory), context=context)
    build(app, stage)
    app.synth()
    return Assembly(
        directory=directory,
        data=_template(directory, f"tfbatch-{stage.name}-data"),
        inference=_template(directory, f"tfbatch-{stage.name}-inference"),
    )


def _template(directory: Path, stack: str) -> Template:
    template: Template = json.loads((directory / f"{stack}.template.json").read_text())
    return template


@pytest.fixture(scope="session")
def assemblies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Assembly]:
    return {stage.name: synthesize(tmp_path_factory.mktemp(stage.name), stage) for stage in STAGES}


@pytest.fixture(scope="session")
def dev(assemblies: dict[str, Assembly]) -> Assembly:
    return assemblies["dev"]


@pytest.fixture(scope="session")
def prod(assemblies: dict[str, Assembly]) -> Assembly:
    return assemblies["prod"]


@pytest.fixture
def synth(tmp_path: Path) -> Callable[[Stage], Assembly]:
    """A function that synthesizes a stage."""
    return lambda stage: synthesize(tmp_path / "assembly", stage)
