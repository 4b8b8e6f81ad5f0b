"""Builds the input of a rule's target: the event, a part, a constant or a template."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from jsonpath_ng.ext.parser import parse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfbatch_sandbox.services.json_type import Json

_PLACE = re.compile(r"<([\w.-]+)>")


def payload(target: Mapping[str, Json], event: Mapping[str, Json]) -> str:
    """The input of a target as text.

    Args:
        target: as for PutTargets.
        event: moto's event, with its time in seconds.
    """
    shown = _shown(event)
    if "Input" in target:
        return str(target["Input"])
    if "InputPath" in target:
        return json.dumps(_at(target["InputPath"], shown))
    transformer = target.get("InputTransformer")
    if not transformer:
        return json.dumps(shown)
    paths = transformer.get("InputPathsMap", {})
    values = {name: _at(path, shown) for name, path in paths.items()}
    values |= {"aws.events.event": shown, "aws.events.event.json": shown}
    return _fill(transformer["InputTemplate"], values)


def _shown(event: Mapping[str, Json]) -> dict[str, Json]:
    shown = {name: value for name, value in event.items() if name != "ingestion-time"}
    if isinstance(shown.get("time"), int | float):
        shown["time"] = f"{datetime.fromtimestamp(shown['time'], UTC):%Y-%m-%dT%H:%M:%SZ}"
    return shown


def _at(path: str, event: Mapping[str, Json]) -> Json:
    found = parse(path).find(event)
    return found[0].value if found else None


def _fill(template: str, values: Mapping[str, Json]) -> str:
    """Insert values: as JSON, and inside a string of the template as bare text."""

    def put(match: re.Match[str]) -> str:
        if match[1] not in values:
            return match[0]
        value = values[match[1]]
        inside = len(re.findall(r'(?<!\\)"', template[: match.start()])) % 2
        if not inside:
            return json.dumps(value)
        return json.dumps(value if isinstance(value, str) else json.dumps(value))[1:-1]

    return _PLACE.sub(put, template)
