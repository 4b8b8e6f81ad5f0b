"""Validates requests against the service model, as AWS does.

botocore's clients check types, required members and minima, and leave lengths, patterns, maxima and
enumerations to the service. moto checks few of them. The rules come from botocore's service model,
the messages are the services'.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from moto.core.utils import get_service_model

from tfbatch_sandbox.services.errors import ApiError, refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.model import Shape

    from tfbatch_sandbox.services.json_type import Json

_TYPES: dict[str, type | tuple[type, ...]] = {
    "structure": dict,
    "map": dict,
    "list": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "long": int,
    "float": (int, float),
    "double": (int, float),
}


def check(service: str, operation: str, request: dict[str, Any]) -> None:
    """Refuse a request that breaks the service model.

    Raises:
        ApiError: ``ValidationException`` naming every broken constraint, or
            ``SerializationException`` for a value of the wrong type.
    """
    shape = cast("Shape", get_service_model(service).operation_model(operation).input_shape)
    faults = list(_faults(request, shape, ""))
    if faults:
        count = f"{len(faults)} validation error{'s' if len(faults) > 1 else ''} detected"
        raise refusal(f"{count}: {'; '.join(faults)}")


def _faults(value: Json, shape: Shape, path: str) -> Iterator[str]:
    expected = _TYPES.get(shape.type_name)
    if expected and (not isinstance(value, expected) or _is_stray_bool(value, shape)):
        raise ApiError(
            "SerializationException",
            f"Value {value!r} at '{path}' is not of type {shape.type_name}",
        )
    for constraint in _broken(value, shape):
        yield f"Value '{value}' at '{path}' failed to satisfy constraint: {constraint}"
    yield from _member_faults(value, shape, path)


def _is_stray_bool(value: object, shape: Shape) -> bool:
    return isinstance(value, bool) and shape.type_name != "boolean"


def _member_faults(value: Json, shape: Json, path: str) -> Iterator[str]:
    if shape.type_name == "structure":
        yield from _structure_faults(value, shape, path)
    elif shape.type_name == "list":
        for number, item in enumerate(value, start=1):
            yield from _faults(item, shape.member, f"{path}.{number}.member")
    elif shape.type_name == "map":
        for key, item in value.items():
            yield from _faults(key, shape.key, f"{path}.{key}.key")
            yield from _faults(item, shape.value, f"{path}.{key}.member")


def _structure_faults(value: dict[str, Any], shape: Any, path: str) -> Iterator[str]:  # noqa: ANN401 - botocore's shapes differ by type
    for name, member in shape.members.items():
        member_path = f"{path}.{_lower_first(name)}" if path else _lower_first(name)
        if value.get(name) is not None:
            yield from _faults(value[name], member, member_path)
        elif name in shape.required_members:
            yield (
                f"Value null at '{member_path}' failed to satisfy constraint: "
                "Member must not be null"
            )


def _broken(value: Json, shape: Shape) -> Iterator[str]:
    rules = shape.metadata
    sized = not isinstance(value, int | float)
    size = len(value) if sized else value
    subject = "have length" if sized else "have value"
    if "min" in rules and size < rules["min"]:
        yield f"Member must {subject} greater than or equal to {rules['min']}"
    if "max" in rules and size > rules["max"]:
        yield f"Member must {subject} less than or equal to {rules['max']}"
    if "pattern" in rules and not _pattern(rules["pattern"]).fullmatch(value):
        yield f"Member must satisfy regular expression pattern: {rules['pattern']}"
    if "enum" in rules and value not in rules["enum"]:
        yield f"Member must satisfy enum value set: [{', '.join(rules['enum'])}]"


@cache
def _pattern(pattern: str) -> re.Pattern[str]:
    # Java's Unicode classes, which Python's re lacks. Each is inside a character class.
    for java, python in {r"\p{L}": r"\w", r"\p{N}": r"\w", r"\p{Z}": r"\s"}.items():
        pattern = pattern.replace(java, python)
    return re.compile(pattern)


def _lower_first(name: str) -> str:
    return name[0].lower() + name[1:]
