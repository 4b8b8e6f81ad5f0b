"""Formats CloudFormation's intrinsic functions as text: ``{Storage/Input.Arn}/*``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_VARIABLE = re.compile(r"\$\{([^}!]+)\}")
_LOOKALIKE = re.compile(r"\{(?=[A-Z][\w./:-]*\})")
"""What a literal text must not have, for it would read as a reference."""
_HASH = re.compile(r"\b([0-9a-f]{64})\b(?:\.tar\.gz|\.zip|\.json)?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Reader:
    """Resolves a stack's references to text."""

    name_of: Callable[[str], str]
    """The readable name of a logical id."""
    imported: Callable[[str], str]
    """The value that another stack exports, as text."""
    assets: Mapping[str, str]
    """Asset hash -> the asset's name and the digest of its contents."""

    def read(self, value: Any) -> Any:  # noqa: ANN401 # any node of a template
        """Replace every intrinsic function in a value."""
        match value:
            case {"Ref": str(name)} if len(value) == 1:
                return self._reference(name)
            case dict() if len(value) == 1 and (key := next(iter(value))).startswith("Fn::"):
                return self._function(key, value[key])
            case dict():
                return {key: self.read(item) for key, item in value.items()}
            case list():
                return [self.read(item) for item in value]
            case str():
                plain = _LOOKALIKE.sub("{'", value)
                return _HASH.sub(lambda found: self.assets.get(found[1], found[0]), plain)
            case _:
                return value

    def text(self, value: Any) -> str:  # noqa: ANN401 # any node of a template
        """The same, as one string."""
        found = self.read(value)
        return found if isinstance(found, str) else str(found)

    def _reference(self, name: str) -> str:
        return "{" + (name.removeprefix("AWS::") if "::" in name else self.name_of(name)) + "}"

    def _function(self, name: str, value: Any) -> Any:  # noqa: ANN401, PLR0911 # one line a function
        match name, value:
            case "Fn::GetAtt", [str(resource), attribute]:
                return "{" + f"{self.name_of(resource)}.{self.text(attribute)}" + "}"
            case "Fn::GetAtt", str():
                resource, _, attribute = value.partition(".")
                return "{" + f"{self.name_of(resource)}.{attribute}" + "}"
            case "Fn::Join", [str(separator), list(parts)]:
                return separator.join(self.text(part) for part in parts)
            case "Fn::Sub", str():
                return self._substituted(value, {})
            case "Fn::Sub", [str(template), dict(variables)]:
                return self._substituted(template, variables)
            case "Fn::ImportValue", _:
                return self.imported(self.text(value))
            case "Fn::FindInMap", [table, first, second]:
                return "{" + f"{self.text(table)}[{self.text(first)}].{self.text(second)}" + "}"
            case _:
                return {name: self.read(value)}

    def _substituted(self, template: str, variables: Mapping[str, Any]) -> str:
        def replaced(name: str) -> str:
            if name in variables:
                return self.text(variables[name])
            resource, dot, attribute = name.partition(".")
            return (
                self._function("Fn::GetAtt", [resource, attribute])
                if dot
                else self._reference(name)
            )

        parts = _VARIABLE.split(template)
        return "".join(
            replaced(part) if number % 2 else str(self.read(part))
            for number, part in enumerate(parts)
        )
