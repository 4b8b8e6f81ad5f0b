"""Reads JSON templates as JSON: moto reads them as YAML, which takes a second for the CDK's."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import yaml
from moto.cloudformation import models, responses

from tfbatch_sandbox.services.errors import ApiError
from tfbatch_sandbox.services.patch import replace

if TYPE_CHECKING:
    from tfbatch_sandbox.services.runtime import Runtime


def install(_runtime: Runtime) -> None:
    """Replace ``yaml.load`` in moto's CloudFormation."""
    reader = SimpleNamespace(**vars(yaml) | {"load": _load})
    for module in (models, responses):
        replace(module, "yaml", reader)


def _load(text: str | None, Loader: type[yaml.Loader]) -> Any:  # noqa: ANN401, N803 # PyYAML's
    if text is None:
        raise ApiError("ValidationError", "Either Template URL or Template Body must be specified.")
    try:
        return json.loads(text)
    except ValueError:
        return yaml.load(text, Loader=Loader)  # noqa: S506 # moto's loader, for !Ref
