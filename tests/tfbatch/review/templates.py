"""Changes the templates of a synthesized stage as data, the workflow state by state."""

from __future__ import annotations

import copy
import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tfbatch.review.sides import assembly

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tfbatch.review.sides.assembly import Stage

Template = dict[str, Any]
_REFERENCE = re.compile("\ue000(\\d+)\ue001")


@dataclass(frozen=True, kw_only=True, slots=True)
class Templates:
    """The templates of a stage, to be changed in place."""

    data: Template
    inference: Template
    settings: dict[str, dict[str, Any]]
    """Stack -> what the CDK deploys it with."""

    def resource(self, kind: str, path: str = ".*") -> Template:
        """The one resource of a kind whose construct's path ends like this."""
        ((_, found),) = self.named(kind, path)
        return found

    def named(self, kind: str, path: str = ".*") -> list[tuple[str, Template]]:
        """Resources of a kind with their logical ids."""
        return [
            (name, one)
            for template in (self.data, self.inference)
            for name, one in template["Resources"].items()
            if one["Type"] == kind
            and re.search(rf"(^|/){path}(/(Resource|Default))?$", one["Metadata"]["aws:cdk:path"])
        ]

    def properties(self, kind: str, path: str = ".*") -> Template:
        """The properties of that resource."""
        found: Template = self.resource(kind, path)["Properties"]
        return found

    def bucket(self, name: str) -> Template:
        """The properties of a bucket: ``Input``, ``Output``, ``Work``, ``AccessLogs``."""
        return self.properties("AWS::S3::Bucket", name)

    def workflow(self, change: Callable[[Template], None]) -> None:
        """Change the definition of the run's state machine."""
        properties = self.properties("AWS::StepFunctions::StateMachine", "Workflow/StateMachine")
        rewrite(properties, change)

    def state(self, name: str, change: Callable[[Template], None]) -> None:
        """Change one state of the run."""
        self.workflow(lambda machine: change(dict(states(machine))[name]))


def rewrite(properties: Template, change: Callable[[Template], None]) -> None:
    """Change a definition string, whose references stay what they are."""
    separator, parts = properties["DefinitionString"]["Fn::Join"]
    assert separator == ""
    references = [part for part in parts if not isinstance(part, str)]
    numbers = iter(range(len(references)))
    text = "".join(
        part if isinstance(part, str) else f"\ue000{next(numbers)}\ue001" for part in parts
    )
    machine = json.loads(text)
    change(machine)
    made: list[Any] = []
    for number, part in enumerate(_REFERENCE.split(json.dumps(machine, ensure_ascii=False))):
        made.append(references[int(part)] if number % 2 else part)
    properties["DefinitionString"] = {"Fn::Join": ["", made]}


def states(machine: Template) -> Iterator[tuple[str, Template]]:
    """Every state of a machine and of the machines in it."""
    for name, state in machine["States"].items():
        yield name, state
        for inner in (state.get("ItemProcessor"), *state.get("Branches", ())):
            if inner:
                yield from states(inner)


def edited(stage: Stage, change: Callable[[Templates], object]) -> Stage:
    """A stage whose templates are changed; the stage itself stays as it is."""
    stacks = {
        name: replace(
            one, template=copy.deepcopy(one.template), settings=copy.deepcopy(one.settings)
        )
        for name, one in stage.stacks.items()
    }
    by_end = {name.rpartition("-")[2]: one for name, one in stacks.items()}
    templates = Templates(
        data=by_end["data"].template,  # type: ignore[arg-type] # copied, so that it can be changed
        inference=by_end["inference"].template,  # type: ignore[arg-type]
        settings={name: one.settings for name, one in by_end.items()},  # type: ignore[misc]
    )
    change(templates)
    made = assembly.stage_of(stage.name, stacks, bundles=stage.bundles, settings=stage.settings)
    kept = {name: getattr(stage, name) for name in ("nag", "accepted", "lint")}
    return replace(made, **kept)
