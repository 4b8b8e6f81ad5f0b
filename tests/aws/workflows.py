"""The deployed state machines, as plain definitions, and what is in them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.tfbatch_cdk.conftest import Assembly

Json = Any
_PSEUDO = {"AWS::Partition": "aws", "AWS::Region": "us-east-1", "AWS::AccountId": "123456789012"}


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """A state, with its neighbours."""

    name: str
    body: dict[str, Json]
    others: dict[str, dict[str, Json]]
    """All states beside it, by name."""

    @property
    def resource(self) -> str:
        """The end of a task's resource: ``aws-sdk:s3:putObject``."""
        return str(self.body.get("Resource", "")).partition(":states:::")[2]


def definitions(assembly: Assembly) -> dict[str, dict[str, Json]]:
    """The state machines of a stage by logical id, with an ARN for every reference."""
    return {
        name: json.loads(_text(machine["Properties"]["DefinitionString"]))
        for name, machine in assembly.of_type("AWS::StepFunctions::StateMachine").items()
    }


def states(definition: dict[str, Json]) -> Iterator[State]:
    """All states, those of maps included."""
    for name, body in definition["States"].items():
        yield State(name=name, body=body, others=definition["States"])
        if "ItemProcessor" in body:
            yield from states(body["ItemProcessor"])


def expressions(value: Json) -> Iterator[str]:
    """All JSONata expressions in a definition, without their delimiters."""
    if isinstance(value, dict):
        for item in value.values():
            yield from expressions(item)
    elif isinstance(value, list):
        for item in value:
            yield from expressions(item)
    elif isinstance(value, str) and value.startswith("{%"):
        yield value.removeprefix("{%").removesuffix("%}").strip()


def _text(value: Json) -> str:
    """A template value as text; references become ARNs and names that look real."""
    match value:
        case str():
            return value
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(map(_text, parts))
        case {"Ref": name} if name in _PSEUDO:
            return _PSEUDO[name]
        case {"Fn::GetAtt": [name, "Arn"]}:
            return f"arn:aws:lambda:us-east-1:123456789012:function:{name}"
        case {"Ref": name}:
            return f"arn:aws:sns:us-east-1:123456789012:{name}"
        case _:
            return "reference"
