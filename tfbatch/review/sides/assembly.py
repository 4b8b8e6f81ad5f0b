"""Reads a synthesized stage: resources by readable names, bundles and settings."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tfbatch.review.sides.bundles import Bundle, bundles_of
from tfbatch.review.sides.intrinsics import Reader

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Key = tuple[str, str]
"""A resource's stack and logical id, which identify it to CloudFormation."""

_GENERATED = ("AWS::CDK::Metadata",)


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
    resources: Mapping[Key, Resource]
    exports: Mapping[str, tuple[str, Any]]
    """Export name -> the exporting stack and the value."""
    bundles: Mapping[str, Bundle]
    settings: Mapping[str, Any]
    protected: Mapping[str, bool]
    """Stack -> whether it has termination protection."""
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
    """Read a stage from the synthesizer's output."""
    name = folder.name
    manifest = _json(folder / "manifest.json")["artifacts"]
    stacks = {
        key: body["properties"]
        for key, body in manifest.items()
        if body["type"] == "aws:cloudformation:stack"
    }
    names = {stack: re.sub(rf"\b{re.escape(name)}\b", "{stage}", stack) for stack in stacks}
    templates = {
        names[stack]: _neutral_json(folder / properties["templateFile"], names)
        for stack, properties in stacks.items()
    }
    listings = [folder / f"{stack}.assets.json" for stack in stacks]
    found = [bundle for file in listings if file.is_file() for bundle in bundles_of(file)]
    return Stage(
        name=name,
        resources=dict(resources_of(templates)),
        exports=dict(exports_of(templates)),
        bundles={bundle.name: bundle for bundle in found},
        settings=_json(folder / "settings.json"),
        protected={
            names[stack]: bool(properties.get("terminationProtection"))
            for stack, properties in stacks.items()
        },
        nag=tuple(_nag(folder / "validation-report.json", names)),
        accepted=tuple(row for stack in stacks for row in _accepted(folder, stack, names)),
        lint=tuple(row for stack in stacks for row in _lint(folder, stack, names)),
    )


def _json(file: Path) -> Any:  # noqa: ANN401 # any document
    return json.loads(file.read_text())


def _neutral_json(file: Path, names: Mapping[str, str]) -> Any:  # noqa: ANN401 # any document
    return neutral(_json(file), names)


def neutral(document: Any, names: Mapping[str, str]) -> Any:  # noqa: ANN401 # any document
    """A document with stack names that are the same in every stage.

    Args:
        document: a template, or another part of a cloud assembly.
        names: stack name -> replacement.
    """
    text = json.dumps(document)
    for stack, name in names.items():
        text = text.replace(stack, name)
    return json.loads(text)


def resources_of(templates: Mapping[str, Any]) -> list[tuple[Key, Resource]]:
    """The resources of templates by stack, without those that the CDK adds for itself."""
    return [
        ((stack, logical_id), _resource(stack, logical_id, body))
        for stack, template in templates.items()
        for logical_id, body in template.get("Resources", {}).items()
        if body["Type"] not in _GENERATED
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
        (output["Export"]["Name"], (stack, output["Value"]))
        for stack, template in templates.items()
        for output in template.get("Outputs", {}).values()
        if "Export" in output
    ]


def _nag(file: Path, neutral: Mapping[str, str]) -> list[tuple[str, str, str]]:
    reports = _neutral_json(file, neutral)["pluginReports"] if file.is_file() else []
    return [
        (violation["ruleName"], without_stack(place["constructPath"]), violation["description"])
        for report in reports
        for violation in report["violations"]
        for place in violation["violatingConstructs"]
    ]


def _accepted(folder: Path, stack: str, neutral: Mapping[str, str]) -> list[tuple[str, str, str]]:
    file = folder / f"{stack}.metadata.json"
    rows = _neutral_json(file, neutral) if file.is_file() else {}
    return [
        (rule.removeprefix("Annotation::"), without_stack(path.lstrip("/")), reason)
        for path, entries in rows.items()
        for entry in entries
        if entry["type"] == "aws:cdk:acknowledged-rules"
        for rule, reason in entry["data"].items()
    ]


def _lint(folder: Path, stack: str, neutral: Mapping[str, str]) -> list[tuple[str, str, str]]:
    file = folder / f"{stack}.lint.json"
    rows = _neutral_json(file, neutral) if file.is_file() else []
    return [(row["rule"], row["path"], row["message"]) for row in rows]
