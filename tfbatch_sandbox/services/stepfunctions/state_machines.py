"""CloudFormation's state machines, in the backend that runs them.

moto also drops their logging and tracing configuration, their type and their substitutions.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from moto.stepfunctions import models, responses
from moto.stepfunctions.parser.models import stepfunctions_parser_backends
from moto.stepfunctions.utils import cfn_to_api_tags

from tfbatch_sandbox.services.patch import replace

if TYPE_CHECKING:
    from moto.stepfunctions.models import StateMachine

    from tfbatch_sandbox.services.json_type import Json
    from tfbatch_sandbox.services.runtime import Runtime


def install(_runtime: Runtime) -> None:
    """Use one set of state machines, and complete those of templates."""
    for module in (models, responses):
        replace(module, "stepfunctions_backends", stepfunctions_parser_backends)
    replace(models.StateMachine, "create_from_cloudformation_json", _create)
    replace(models.StateMachine, "update_from_cloudformation_json", _update)


def _create(
    resource_name: str, resource: dict[str, Any], account_id: str, region: str, **_other: object
) -> StateMachine:
    properties = resource["Properties"]
    return stepfunctions_parser_backends[account_id][region].create_state_machine(
        properties.get("StateMachineName", resource_name),
        _definition(properties),
        properties["RoleArn"],
        tags=cfn_to_api_tags(properties.get("Tags", [])),
        loggingConfiguration=_api_names(properties.get("LoggingConfiguration")),
        tracingConfiguration=_api_names(properties.get("TracingConfiguration")),
        sm_type=properties.get("StateMachineType"),
    )


def _update(
    *,
    original_resource: StateMachine,
    new_resource_name: str,
    cloudformation_json: dict[str, Any],
    account_id: str,
    region_name: str,
) -> StateMachine:
    properties = cloudformation_json["Properties"]
    backend = stepfunctions_parser_backends[account_id][region_name]
    if properties.get("StateMachineName", original_resource.name) != original_resource.name:
        replacement = _create(new_resource_name, cloudformation_json, account_id, region_name)
        backend.delete_state_machine(original_resource.arn)
        return replacement
    backend.tagger.tag_resource(original_resource.arn, cfn_to_api_tags(properties.get("Tags", [])))
    return backend.update_state_machine(
        original_resource.arn,
        definition=_definition(properties),
        role_arn=properties["RoleArn"],
        logging_configuration=_api_names(properties.get("LoggingConfiguration")),
        tracing_configuration=_api_names(properties.get("TracingConfiguration")),
    )


def _definition(properties: dict[str, Any]) -> str:
    """The definition as text, with ``${name}`` of DefinitionSubstitutions replaced."""
    text = properties.get("DefinitionString") or json.dumps(properties["Definition"])
    substitutions = properties.get("DefinitionSubstitutions", {})
    return re.sub(r"\$\{(\w+)\}", lambda match: str(substitutions.get(match[1], match[0])), text)


def _api_names(value: Json) -> Json:
    """The API's names start in lower case, CloudFormation's in upper case."""
    if isinstance(value, dict):
        return {key[0].lower() + key[1:]: _api_names(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_api_names(item) for item in value]
    return value
