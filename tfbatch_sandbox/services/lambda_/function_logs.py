"""Writes to a function's own log group. moto always writes to ``/aws/lambda/NAME``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.awslambda.models import LambdaFunction

from tfbatch_sandbox.services.patch import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tfbatch_sandbox.services.runtime import Runtime


def install(_runtime: Runtime) -> None:
    """Use ``LoggingConfig`` of templates and of the API."""
    for name in ("create_from_cloudformation_json", "update_from_cloudformation_json"):
        replace(LambdaFunction, name, _of_template(getattr(LambdaFunction, name)))
    replace(LambdaFunction, "__init__", _of_request(LambdaFunction.__init__))


def _of_template(original: Callable[..., LambdaFunction]) -> Callable[..., LambdaFunction]:
    def make(*arguments: Any, **named: Any) -> LambdaFunction:  # noqa: ANN401 - passed on
        function = original(*arguments, **named)
        resource = named.get("cloudformation_json") or arguments[1]
        _heed(function, resource["Properties"])
        return function

    return make


def _of_request(original: Callable[..., None]) -> Callable[..., None]:
    def init(self: LambdaFunction, *arguments: Any, **named: Any) -> None:  # noqa: ANN401
        original(self, *arguments, **named)
        _heed(self, named.get("spec") or arguments[1])

    return init


def _heed(function: LambdaFunction, properties: Mapping[str, Any]) -> None:
    group = properties.get("LoggingConfig", {}).get("LogGroup")
    if group:
        function.logs_group_name = group
