"""Reads a synthesized stage: stacks, resources by readable names, bundles and settings."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tfbatch.review.errors import ReviewError
from tfbatch.review.sides import folder as files
from tfbatch.review.sides.bundles import Bundle, bundles_of
from tfbatch.review.sides.intrinsics import Reader
from tfbatch.review.sides.stacks import Stack, load_stacks

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Key = tuple[str, str]
"""A resource's stack and logical id, which identify it to CloudFormation."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Resource:
    """A resource of a template."""

    key: Key
    kind: str
    """``AWS::S3::Bucket``"""
    path: str
    """Path of its construct: ``Storage/Input``."""
    body: Mapping[str, Any]
    """``Properties``, ``DeletionPolicy``, … with the template's references."""

    @property
    def noun(self) -> str:
        """Its kind in a word or two: ``bucket``, ``state machine``."""
        last = self.kind.rpartition("::")[2]
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", last).lower()

    def __str__(self) -> str:
        """For sentences: ``bucket Storage/Input``."""
        return f"{self.noun} {self.path}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """A stage of one side."""

    name: str
    stacks: Mapping[str, Stack]
    resources: Mapping[Key, Resource]
    exports: Mapping[str, tuple[str, Any]]
    """Export name -> the exporting stack and the value."""
    bundles: Mapping[str, Bundle] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    nag: tuple[tuple[str, str, str], ...] = ()
    """cdk-nag's findings: rule, construct, description."""
    accepted: tuple[tuple[str, str, str], ...] = ()
    """Acknowledged findings: rule, construct, reason."""
    lint: tuple[tuple[str, str, str], ...] = ()
    """cfn-lint's findings: rule, path in the template, message."""
    names: Mapping[Key, str] = field(default_factory=dict)
    """Names of resources that replace their paths."""

    def reader(self, stack: str, *, contents: bool = True) -> Reader:
        """A reader of one stack's values.

        Args:
            stack: the stack.
            contents: identify an asset by its contents too, not only by its name.
        """
        return Reader(
            name_of=lambda logical_id: self.name_of((stack, logical_id)),
            imported=self._imported,
            assets={
                one.hash: one.name.rpartition("/")[2] + (f"@{one.digest[:8]}" if contents else "")
                for one in self.bundles.values()
            },
        )

    def read(self, stack: str, value: Any, *, contents: bool = True) -> Any:  # noqa: ANN401 # any value
        """A value of a stack's template, as synthesized, with references as text."""
        return self.reader(stack, contents=contents).read(self.neutral(value))

    def neutral(self, value: Any) -> Any:  # noqa: ANN401 # any value
        """A value with stack names that are the same in every stage."""
        return neutral(value, {stack.deployed_name: name for name, stack in self.stacks.items()})

    def name_of(self, key: Key) -> str:
        """The readable name of a resource, a parameter or a condition."""
        if key in self.names:
            return self.names[key]
        return self.resources[key].path if key in self.resources else key[1]

    def called(self, resource: Resource) -> Resource:
        """A resource by its name on the other side, if it was moved."""
        return replace(resource, path=self.name_of(resource.key))

    def properties(self, resource: Resource, *, contents: bool = True) -> dict[str, Any]:
        """A resource's properties with references as text; for ``contents`` see the reader."""
        reader = self.reader(resource.key[0], contents=contents)
        found = reader.read(resource.body.get("Properties", {}))
        return found if isinstance(found, dict) else {}

    def _imported(self, name: str) -> str:
        if name not in self.exports:
            return "{" + name + "}"
        stack, value = self.exports[name]
        return self.reader(stack).text(value)


def load(folder: Path) -> Stage:
    """Read a stage from a cloud assembly, with what the synthesizer laid beside it.

    Raises:
        ReviewError: the folder is no cloud assembly.
    """
    try:
        return _load(folder)
    except (KeyError, TypeError, AttributeError, ValueError, OSError, RecursionError) as error:
        raise ReviewError(
            f"{folder} is no cloud assembly that can be read ({type(error).__name__}: {error}). "
            "Synthesize it again with `cdk synth`"
        ) from error


def _load(folder: Path) -> Stage:
    stacks = load_stacks(folder, stage=folder.name)
    names = {stack.deployed_name: name for name, stack in stacks.items()}
    tops = [stack for stack in stacks.values() if not stack.parent]
    listings = [
        one for stack in tops if (one := stack.folder / f"{stack.file}.assets.json").is_file()
    ]
    found = [bundle for file in listings for bundle in bundles_of(file)]
    return stage_of(
        folder.name,
        stacks,
        bundles={bundle.name: bundle for bundle in found},
        settings=files.read_json_if_any(folder, "settings.json") or {},
        nag=tuple(_nag(folder, names)),
        accepted=tuple(row for stack in tops for row in _accepted(stack, names)),
    )


def stage_of(name: str, stacks: Mapping[str, Stack], **others: Any) -> Stage:  # noqa: ANN401 # a stage's other fields
    """A stage of these stacks."""
    names = {stack.deployed_name: key for key, stack in stacks.items()}
    templates = {key: neutral(stack.template, names) for key, stack in stacks.items()}
    return Stage(
        name=name,
        stacks=stacks,
        resources=_distinct(resources_of(templates)),
        exports=dict(exports_of(templates)),
        **others,
    )


def _distinct(found: list[tuple[Key, Resource]]) -> dict[Key, Resource]:
    """Resources whose names hold their stack, if another one has the same name."""
    counts = Counter(str(one) for _, one in found)
    return {
        key: replace(one, path=f"{key[0]}/{one.path}") if counts[str(one)] > 1 else one
        for key, one in found
    }


def neutral(document: Any, names: Mapping[str, str]) -> Any:  # noqa: ANN401 # any document
    """A document with stack names that are the same in every stage.

    Args:
        document: a template, or another part of a cloud assembly.
        names: stack name -> replacement. A document that has a replacement already stays as it is.
    """
    text = json.dumps(document)
    if any(name in text for stack, name in names.items() if name != stack):
        return document
    for stack in sorted(names, key=len, reverse=True):
        text = text.replace(stack, names[stack])
    return json.loads(text)


def resources_of(templates: Mapping[str, Any]) -> list[tuple[Key, Resource]]:
    """The resources of templates by stack."""
    return [
        ((stack, logical_id), _resource(stack, logical_id, body))
        for stack, template in templates.items()
        for logical_id, body in template.get("Resources", {}).items()
    ]


def _resource(stack: str, logical_id: str, body: Mapping[str, Any]) -> Resource:
    path = body.get("Metadata", {}).get("aws:cdk:path", f"{stack}/{logical_id}")
    shown = without_stack(path)
    return Resource(key=(stack, logical_id), kind=body["Type"], path=shown, body=body)


def without_stack(path: str) -> str:
    """A construct's path inside its stack, without the parts that the CDK leaves out of names."""
    inside = path.partition("/")[2] or path
    parts = [part for part in inside.removesuffix("/Resource").split("/") if part != "Default"]
    return "/".join(parts) or inside


def exports_of(templates: Mapping[str, Any]) -> list[tuple[str, tuple[str, Any]]]:
    """The exports of templates by name: the exporting stack and the value."""
    return [
        (str(export.get("Name")), (stack, output.get("Value", "")))
        for stack, template in templates.items()
        for output in template.get("Outputs", {}).values()
        if isinstance(output, dict) and isinstance(export := output.get("Export"), dict)
    ]


def _nag(folder: Path, names: Mapping[str, str]) -> list[tuple[str, str, str]]:
    found = files.read_json_if_any(folder, "validation-report.json")
    reports = neutral(found, names)["pluginReports"] if found else []
    return [
        (violation["ruleName"], without_stack(place["constructPath"]), violation["description"])
        for report in reports
        for violation in report["violations"]
        for place in violation["violatingConstructs"]
    ]


def _accepted(stack: Stack, names: Mapping[str, str]) -> list[tuple[str, str, str]]:
    rows = neutral(stack.metadata, names)
    return [
        (rule.removeprefix("Annotation::"), without_stack(path.lstrip("/")), reason)
        for path, entries in rows.items()
        for entry in entries
        if entry["type"] == "aws:cdk:acknowledged-rules"
        for rule, reason in entry["data"].items()
    ]


def with_lint(stage: Stage, found: Mapping[int, Any]) -> Stage:
    """A stage with cfn-lint's findings.

    Args:
        stage: the stage.
        found: cfn-lint's rows by the identities of the stage's stacks.
    """
    rows = [row for stack in stage.stacks.values() for row in found.get(id(stack), ())]
    return replace(
        stage,
        lint=tuple((row["rule"], row["path"], row["message"]) for row in stage.neutral(rows)),
    )
