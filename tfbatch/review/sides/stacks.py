"""Reads the stacks of a cloud assembly, those of nested assemblies and nested stacks included."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tfbatch.review.errors import ReviewError
from tfbatch.review.sides import folder as files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

NESTED = "AWS::CloudFormation::Stack"
_DEEPEST = 16
_OF_A_STACK = "aws:cloudformation:stack"
_ASSEMBLY = "cdk:cloud-assembly"


@dataclass(frozen=True, kw_only=True, slots=True)
class Stack:
    """A stack of one side."""

    deployed_name: str
    """The name in CloudFormation; a nested stack's is its parent's and its logical id."""
    template: Mapping[str, Any]
    """As it was synthesized."""
    folder: Path
    file: str = ""
    """The start of its files' names: ``tfbatch-dev-data`` of ``tfbatch-dev-data.assets.json``."""
    parent: str = ""
    """The stack around a nested stack."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What the CDK deploys it with: account and region, tags, roles, termination protection."""
    assets: Mapping[str, Any] = field(default_factory=dict)
    """Where its assets are published to, and its container images, by their constructs."""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """Entries by the path of a construct."""

    @property
    def environment(self) -> str:
        """Account and region: ``aws://111122223333/eu-west-1``."""
        return str(self.settings.get("environment", ""))


def load_stacks(folder: Path, *, stage: str) -> dict[str, Stack]:
    """All stacks of an assembly by a name that is the same in every stage.

    Raises:
        ReviewError: two stacks have the same name, or the assembly can't be read.
    """
    found: dict[str, Stack] = {}
    for stack in _stacks(folder, depth=0):
        name = re.sub(
            rf"(?<![A-Za-z0-9]){re.escape(stage)}(?![A-Za-z0-9])", "{stage}", stack.deployed_name
        )
        if name in found:
            raise ReviewError(f"two stacks are called {stack.deployed_name}: rename one")
        found[name] = stack
    return found


def _stacks(folder: Path, *, depth: int) -> Iterator[Stack]:
    if depth > _DEEPEST:
        raise ReviewError(f"{folder}: assemblies are nested more than {_DEEPEST} deep")
    for key, artifact in files.read_json(folder, "manifest.json").get("artifacts", {}).items():
        if artifact["type"] == _ASSEMBLY:
            inner = files.inside(folder, artifact["properties"]["directoryName"])
            yield from _stacks(inner, depth=depth + 1)
        elif artifact["type"] == _OF_A_STACK:
            stack = _stack(folder, key, artifact)
            yield stack
            yield from _nested(stack, depth=0)


def _stack(folder: Path, key: str, artifact: Mapping[str, Any]) -> Stack:
    properties = artifact["properties"]
    file = properties["templateFile"].removesuffix(".template.json")
    assets = files.read_json_if_any(folder, f"{file}.assets.json") or {}
    metadata = artifact.get("metadata") or {}
    if name := artifact.get("additionalMetadataFile"):
        metadata = {**metadata, **files.read_json(folder, name)}
    return Stack(
        deployed_name=properties.get("stackName", key),
        template=files.read_json(folder, properties["templateFile"]),
        folder=folder,
        file=file,
        settings={"environment": artifact.get("environment"), **_settings(properties)},
        assets=dict(_published(assets)),
        metadata=metadata,
    )


_DERIVED = ("templateFile", "stackName", "stackTemplateAssetObjectUrl", "additionalDependencies")
"""What follows from the stack's name and its template, which are compared themselves."""


def _settings(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in properties.items() if key not in _DERIVED}


def _published(assets: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Where files go to, without their hashes, and everything about container images."""
    for file in assets.get("files", {}).values():
        name = file.get("displayName") or file["source"].get("path", "")
        yield (
            f"file {name}",
            [
                {key: value for key, value in place.items() if key != "objectKey"}
                for place in file["destinations"].values()
            ],
        )
    for digest, image in assets.get("dockerImages", {}).items():
        yield f"image {image.get('displayName') or digest}", image


def _nested(stack: Stack, *, depth: int) -> Iterator[Stack]:
    """The nested stacks of a stack whose templates are in the assembly."""
    if depth > _DEEPEST:
        raise ReviewError(f"{stack.deployed_name}: stacks are nested more than {_DEEPEST} deep")
    for logical_id, body in stack.template.get("Resources", {}).items():
        name = body.get("Metadata", {}).get("aws:asset:path")
        if body.get("Type") == NESTED and name:
            inner = Stack(
                deployed_name=f"{stack.deployed_name}/{logical_id}",
                template=files.read_json(stack.folder, name),
                folder=stack.folder,
                parent=stack.deployed_name,
            )
            yield inner
            yield from _nested(inner, depth=depth + 1)
