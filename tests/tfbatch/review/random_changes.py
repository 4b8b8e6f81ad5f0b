"""Random changes in every kind of place of a stage's templates, each with a mark to find it by."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.tfbatch.review.templates import Template, Templates, rewrite, states

if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS = (
    "AWS::S3::Bucket",
    "AWS::Lambda::Url",
    "AWS::IAM::User",
    "AWS::EC2::SecurityGroup",
    "AWS::Unknown::Thing",
    "Custom::Thing",
)
ATTRIBUTES = (
    "DeletionPolicy",
    "UpdateReplacePolicy",
    "Condition",
    "UpdatePolicy",
    "CreationPolicy",
)
MACHINE = "AWS::StepFunctions::StateMachine"


@dataclass(frozen=True, kw_only=True, slots=True)
class Changed:
    """A change that was made."""

    section: str
    id: str
    """The logical id; empty for a whole section."""
    name: str
    """The property, the attribute or the state; empty for the whole."""
    mark: str
    """A text that the review must show; empty if what changed has none."""

    @property
    def unit(self) -> tuple[str, str, str]:
        return self.section, self.id, self.name


class Mutator:
    """Makes random changes, none twice in the same place."""

    def __init__(self, templates: Templates, *, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 # no secret
        self._seed, self._number = seed, 0
        self._used: set[str] = set()
        self._templates = (templates.data, templates.inference)

    def change(self) -> Changed:
        """Make one change."""
        kinds = (self._property,) * 5 + (self._state,) * 4 + (self._section,) * 2
        others = (self._attribute, self._resource, self._new_section)
        while True:
            self._number += 1
            made = self._random.choice((*kinds, *others))(self._random.choice(self._templates))
            if made is not None:
                return made

    @property
    def _mark(self) -> str:
        return f"zq{self._seed}x{self._number}"

    def _claim(self, place: str) -> bool:
        """Whether nothing was changed there yet."""
        is_new = place not in self._used
        self._used.add(place)
        return is_new

    def _own(self, template: Template) -> tuple[str, Template] | None:
        """A resource that nothing has changed, or only in other properties."""
        name, body = self._random.choice(list(template["Resources"].items()))
        return None if f"whole {name}" in self._used else (name, body)

    def _property(self, template: Template) -> Changed | None:
        found = self._own(template)
        if found is None or not found[1].get("Properties"):
            return None
        name, body = found
        properties = body["Properties"]
        key = self._random.choice([*properties, "Extra"])
        if key == "DefinitionString" or not self._claim(f"{name} {key}"):
            return None
        self._used.add(f"part {name}")
        mark = self._vary(properties, key)
        return Changed(section="Resources", id=name, name=key, mark=mark)

    def _vary(self, holder: Any, key: Any) -> str:  # noqa: ANN401 # a dict or a list, and its key
        """Change a value somewhere inside, and return what must be shown."""
        value = holder.get(key) if isinstance(holder, dict) else holder[key]
        if isinstance(value, dict | list) and value and self._random.random() < 0.75:
            inside = list(value) if isinstance(value, dict) else list(range(len(value)))
            return self._vary(value, self._random.choice(inside))
        how = self._random.choice(("replace", "replace", "delete", "add"))
        if how == "delete" and value is not None:
            del holder[key]
            return ""
        if how == "add" and isinstance(value, dict):
            value[f"Added{self._mark}"] = True
            return f"Added{self._mark}"
        if how == "add" and isinstance(value, list):
            value.insert(self._random.randint(0, len(value)), self._mark)
            return self._mark
        if isinstance(value, bool) and self._random.random() < 0.5:
            holder[key] = not value
            return ""
        holder[key] = self._random.choice(
            (self._mark, {"Ref": self._mark}, {"Fn::Sub": self._mark})
        )
        return self._mark

    def _attribute(self, template: Template) -> Changed | None:
        found = self._own(template)
        if found is None:
            return None
        name, body = found
        key = self._random.choice(ATTRIBUTES)
        if not self._claim(f"{name} {key}"):
            return None
        self._used.add(f"part {name}")
        body[key] = self._mark
        return Changed(section="Resources", id=name, name=key, mark=self._mark)

    def _resource(self, template: Template) -> Changed | None:
        if self._random.random() < 0.5:
            name, kind = f"New{self._mark}", self._random.choice(KINDS)
            template["Resources"][name] = {"Type": kind, "Properties": {"Name": self._mark}}
            self._used.add(f"whole {name}")
            mark = self._mark if kind.startswith("AWS::Unknown") else ""
            return Changed(section="Resources", id=name, name="", mark=mark)
        found = self._own(template)
        if found is None or f"part {found[0]}" in self._used or found[1]["Type"] == MACHINE:
            return None
        del template["Resources"][found[0]]
        self._used.add(f"whole {found[0]}")
        return Changed(section="Resources", id=found[0], name="", mark="")

    def _section(self, template: Template) -> Changed | None:
        section = self._random.choice([key for key in template if key != "Resources"])
        if f"section {section}" in self._used:
            return None
        if isinstance(template[section], str):
            if not self._claim(f"{id(template)} {section}"):
                return None
            template[section] = self._mark
            return Changed(section=section, id="", name="", mark=self._mark)
        name = self._random.choice([*template[section], "Extra"])
        if not self._claim(f"{section} {name}"):
            return None
        mark = self._vary(template[section], name)
        return Changed(section=section, id=name, name="", mark=mark)

    def _new_section(self, template: Template) -> Changed | None:
        section = self._random.choice(("Transform", "Hooks", "Metadata", f"New{self._number}"))
        if section in template:
            return None
        self._used.add(f"section {section}")
        template[section] = {"Thing": {"Value": self._mark}}
        return Changed(section=section, id="", name="", mark=self._mark)

    def _state(self, template: Template) -> Changed | None:
        machines = [
            (name, body)
            for name, body in template["Resources"].items()
            if body["Type"] == MACHINE and "DefinitionString" in body["Properties"]
        ]
        if not machines:
            return None
        name, body = self._random.choice(machines)
        if f"whole {name}" in self._used:
            return None
        self._used.add(f"part {name}")
        made: list[Changed] = []
        rewrite(body["Properties"], lambda machine: made.extend(self._in_machine(name, machine)))
        return made[0] if made else None

    def _in_machine(self, resource: str, machine: Template) -> Iterator[Changed]:
        """Change a member of the machine, or of a state; transitions stay those of a machine."""
        if self._random.random() < 0.25:
            if (key := self._own_member(resource, machine)) is not None:
                mark = self._vary(machine, key)
                yield Changed(section="Machine", id=resource, name=key, mark=mark)
            return
        state_name, state = self._random.choice(list(states(machine)))
        keys = [key for key in state if key not in ("Type", "ItemProcessor", "Branches", "Next")]
        key = self._random.choice([*keys, "Extra", "Comment", "TimeoutSeconds"])
        if not self._claim(f"{resource} state {state_name}"):
            return
        inner = [*filter(None, [state.get("ItemProcessor")]), *state.get("Branches", [])]
        if inner and self._random.random() < 0.3:
            holder = self._random.choice(inner)
            mark = self._vary(holder, self._own_member("", holder) or "Extra")
        elif key in ("Choices", "Catch", "Retry"):
            mark = self._in_list(state, key)
        elif key == "Default":
            state[key], mark = self._mark, self._mark
        else:
            mark = self._vary(state, key)
        yield Changed(section="States", id=resource, name=state_name, mark=mark)

    def _own_member(self, resource: str, machine: Template) -> str | None:
        """A member beside the states, if nothing has changed it yet."""
        members = ("StartAt", "QueryLanguage", "Comment", "TimeoutSeconds", "Version", "Extra")
        key = self._random.choice([*members, *(key for key in machine if key != "States")])
        return key if not resource or self._claim(f"{resource} machine {key}") else None

    def _in_list(self, state: Template, key: str) -> str:
        how = self._random.choice(("empty", "drop", "extend"))
        if how == "empty":
            del state[key]
            return ""
        if how == "drop":
            state[key].pop(self._random.randrange(len(state[key])))
            return ""
        self._random.choice(state[key])[f"Added{self._mark}"] = self._mark
        return self._mark
