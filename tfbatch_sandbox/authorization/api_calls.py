"""Converts API operations to IAM actions and resources, for all services but S3.

An operation that is not in the table is checked on ``*``, which only a policy for all resources
allows.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from tfbatch_sandbox.authorization.api_table import (
    ACTIONS,
    KEYS,
    PASSED,
    PREFIXES,
    TEMPLATES,
)
from tfbatch_sandbox.authorization.call import Call
from tfbatch_sandbox.authorization.encryption import service_key_calls

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tfbatch_sandbox.authorization.call import Place

    Parameters = Mapping[str, Any]

_FIELD: Final = re.compile(r"\{([\w.]+)(?::(\w+))?\}")


def api_calls(service: str, operation: str, given: Parameters, place: Place) -> Iterator[Call]:
    """The IAM calls of a request.

    Args:
        service: moto's name of the service.
        operation: name in the service model.
        given: parameters of the request.
        place: account and region that are called.
    """
    prefix = PREFIXES.get(service, service)
    action = f"{prefix}:{operation}"
    context = _tags(given) | _own_context(action, given)
    for resource in _resources(prefix, operation, given, place):
        yield Call(action=ACTIONS.get(action, action), resource=resource, context=context)
    if action == "sagemaker:CreateTransformJob" and given.get("Tags"):
        job = place.arn("sagemaker", f"transform-job/{given['TransformJobName']}")
        yield Call(action="sagemaker:AddTags", resource=job, context=_tags(given))
    yield from service_key_calls(action, given, place)
    for role in _at(given, PASSED.get((prefix, operation), "")):
        to = {"iam:passedtoservice": f"{prefix}.amazonaws.com"}
        yield Call(action="iam:PassRole", resource=role, context=to)


def _resources(prefix: str, operation: str, given: Parameters, place: Place) -> list[str]:
    template = TEMPLATES.get((prefix, operation))
    if template is None:
        return ["*"]
    found = [template]
    for match in _FIELD.finditer(template):
        name, default = match.groups()
        values = _at(given, name) or ([default] if default else ["*"])
        found = [text.replace(match[0], value) for text in found for value in values]
    return list(dict.fromkeys(_whole(text, prefix, place) for text in found))


def _whole(text: str, prefix: str, place: Place) -> str:
    """The ARN of a resource. A request may name it by its ARN already."""
    start = text.find("arn:")
    if start >= 0:
        return text[start:]
    return "*" if text == "*" else place.arn(prefix, text.replace("//", "/"))


def _at(given: Any, path: str) -> list[str]:  # noqa: ANN401 - of a request, anything
    """The texts at a dotted path, through lists."""
    if isinstance(given, list):
        return [text for item in given for text in _at(item, path)]
    if not path:
        return [given] if isinstance(given, str) else []
    name, _, rest = path.partition(".")
    value = given.get(name) if isinstance(given, dict) else None
    if isinstance(given, dict) and name == "EventBusName" and value is None:
        value = "default"
    return [] if value is None else _at(value, rest)


def _tags(given: Parameters) -> dict[str, str | tuple[str, ...]]:
    tags, removed = given.get("Tags"), given.get("TagKeys")
    if isinstance(removed, list):
        return {"aws:tagkeys": tuple(map(str, removed))}
    if not isinstance(tags, list):
        return {}
    pairs = {str(tag["Key"]): str(tag.get("Value", "")) for tag in tags if "Key" in tag}
    keyed: dict[str, str | tuple[str, ...]] = {
        f"aws:requesttag/{key.lower()}": value for key, value in pairs.items()
    }
    return keyed | {"aws:tagkeys": tuple(pairs)}


def _own_context(action: str, given: Parameters) -> dict[str, str | tuple[str, ...]]:
    context: dict[str, str | tuple[str, ...]] = {
        key: tuple(values)
        for key, path in KEYS.get(action, {}).items()
        if (values := _at(given, path))
    }
    if action == "sagemaker:CreateModel":
        isolated = bool(given.get("EnableNetworkIsolation"))
        context["sagemaker:networkisolation"] = json.dumps(isolated)
    return context
