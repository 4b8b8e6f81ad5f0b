"""Reads templates: JSON as JSON, and none that is larger than CloudFormation takes.

moto reads JSON as YAML, which takes a second for the CDK's, and takes templates of any size. The
largest: CloudFormation user guide, "Understand CloudFormation quotas"; what is 1 MB there is
1,000,000 bytes by the error's words in public reports.
"""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import yaml
from moto.cloudformation import models, responses

from tfbatch_sandbox.services.errors import ApiError
from tfbatch_sandbox.services.patch import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from tfbatch_sandbox.services.runtime import Runtime

_IN_REQUEST: Final = 51_200
_BY_URL: Final = 1_000_000


def install(_runtime: Runtime) -> None:
    """Replace ``yaml.load`` in moto's CloudFormation, and look at the sizes of templates."""
    owner = responses.CloudFormationResponse
    replace(owner, "_get_param", _limited(owner._get_param))  # noqa: SLF001 # moto has no public seam
    replace(owner, "_get_stack_from_s3_url", _fetched(owner._get_stack_from_s3_url))  # noqa: SLF001
    reader = SimpleNamespace(**vars(yaml) | {"load": _load})
    for module in (models, responses):
        replace(module, "yaml", reader)


def _load(text: object, Loader: type[yaml.Loader]) -> Any:  # noqa: ANN401, N803 # PyYAML's
    if text is None:
        raise ApiError("ValidationError", "Either Template URL or Template Body must be specified.")
    if not isinstance(text, str):
        raise ApiError("ValidationError", "Template format error: unsupported structure.")
    try:
        return json.loads(text)
    except ValueError:
        return yaml.load(text, Loader=Loader)  # noqa: S506 # moto's loader, for !Ref


def _limited(original: Callable[..., Any]) -> Callable[..., Any]:
    def get_param(response: Any, param_name: str, if_none: Any = None) -> Any:  # noqa: ANN401 # moto's
        value = original(response, param_name, if_none)
        if param_name == "TemplateBody" and value and len(value.encode()) > _IN_REQUEST:
            raise ApiError(
                "ValidationError",
                "1 validation error detected: Value at 'templateBody' failed to satisfy "
                f"constraint: Member must have length less than or equal to {_IN_REQUEST}",
            )
        return value

    return get_param


def _fetched(original: Callable[..., str]) -> Callable[..., str]:
    def get_stack_from_s3_url(response: Any, template_url: str) -> str:  # noqa: ANN401 # moto's
        text = original(response, template_url)
        if len(text.encode()) > _BY_URL:
            raise ApiError("ValidationError", f"Template may not exceed {_BY_URL} bytes in size.")
        return text

    return get_stack_from_s3_url
