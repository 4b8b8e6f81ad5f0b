"""The states of the state machine in ``model_cleanup.py``, in the Amazon States Language.

A Model is used if the workflow's definition names it, or that of a running execution, which keeps
the definition that it started with. An unused Model gets a tag with the time. It is deleted if it
is still unused ``KEPT_DAYS`` later; if an execution was redriven meanwhile, it loses the tag.

Variables: ``$models`` (the stage's Models), ``$used`` (names of used ones), ``$runs`` (ARNs of
running executions), ``$page`` (token of the next page of a list).
"""

from __future__ import annotations

from typing import Any, Final

from tfbatch_cdk.workflow.asl import State, choice, jsonata, retry

OWNER: Final = "tfbatch:models-of"
"""The tag of a stage's Models; its value names the stack and the stage."""
UNUSED_SINCE: Final = "tfbatch:unused-since"
"""The tag of a Model that nothing uses; its value is the time when that was first seen."""
KEPT_DAYS: Final = 15
"""An execution can be redriven for 14 days after its end (Step Functions, "Redriving")."""

_PAGE = 100

_MODELS_QUERY = f"""
$merge([
  {{
    'TagFilters': [{{'Key': '{OWNER}', 'Values': [$owner]}}],
    'ResourceTypeFilters': ['sagemaker:model'],
    'ResourcesPerPage': {_PAGE}
  }},
  $page = '' ? {{}} : {{'PaginationToken': $page}}
])
"""

_MODELS = f"""
$append($models, $states.result.ResourceTagMappingList.{{
  'arn': ResourceARN,
  'name': $substringAfter(ResourceARN, ':model/'),
  'unusedSince': $append(Tags[Key = '{UNUSED_SINCE}'].Value, [''])[0]
}})
"""

_RUNS_QUERY = f"""
$merge([
  {{'StateMachineArn': $workflow, 'StatusFilter': 'RUNNING', 'MaxResults': {_PAGE}}},
  $page = '' ? {{}} : {{'NextToken': $page}}
])
"""

_NAMED = "[$models[$contains($states.result.Definition, name)].name]"

_IS_USED = "$states.input.name in $used"

_IS_OLD = f"$toMillis($now()) - $toMillis($states.input.unusedSince) > {KEPT_DAYS} * 24 * 3600000"


_RETRY = retry("States.TaskFailed")


def definition(*, owner: str, workflow: str, partition: str) -> State:
    """The state machine for the Models of ``owner``, which executions of ``workflow`` use."""
    sdk = f"arn:{partition}:states:::aws-sdk"
    start = {"owner": owner, "workflow": workflow, "page": "", "models": [], "runs": []}
    return {
        "Comment": "tfbatch: delete replaced models that no run uses",
        "QueryLanguage": "JSONata",
        "StartAt": "Know the stage",
        "States": {
            "Know the stage": {"Type": "Pass", "Assign": start, "Next": "List the models"},
            **_list(
                "List the models",
                f"{sdk}:resourcegroupstaggingapi:getResources",
                _MODELS_QUERY,
                {"models": _MODELS, "page": _token("PaginationToken")},
                then="Read the workflow",
            ),
            "Read the workflow": {
                "Type": "Task",
                "Resource": f"{sdk}:sfn:describeStateMachine",
                "Arguments": {"StateMachineArn": jsonata("$workflow")},
                "Assign": {"used": jsonata(_NAMED)},
                "Retry": _RETRY,
                "Next": "List the runs",
            },
            **_list(
                "List the runs",
                f"{sdk}:sfn:listExecutions",
                _RUNS_QUERY,
                {
                    "runs": "$append($runs, $states.result.Executions.ExecutionArn)",
                    "page": _token("NextToken"),
                },
                then="Read what they use",
            ),
            "Read what they use": _read_runs(sdk),
            "Look at each model": _look(sdk),
        },
    }


def _token(name: str) -> str:
    path = f"$states.result.{name}"
    return f"$exists({path}) ? {path} : ''"


def _list(name: str, resource: str, query: str, assigns: dict[str, str], *, then: str) -> State:
    """Read all pages of a list."""
    more = f"Is that all? ({name})"
    return {
        name: {
            "Type": "Task",
            "Resource": resource,
            "Arguments": jsonata(query),
            "Assign": {variable: jsonata(value) for variable, value in assigns.items()},
            "Retry": _RETRY,
            "Next": more,
        },
        more: choice(("$page != ''", name), otherwise=then),
    }


def _read_runs(sdk: str) -> State:
    read = {
        "Type": "Task",
        "Resource": f"{sdk}:sfn:describeStateMachineForExecution",
        "Arguments": {"ExecutionArn": jsonata("$states.input")},
        "Output": jsonata(_NAMED),
        "Retry": _RETRY,
        "End": True,
    }
    return _map("$runs", {"Read its definition": read}) | {
        "Assign": {"used": jsonata("$append($used, $states.result.$)")},
        "Next": "Look at each model",
    }


def _look(sdk: str) -> State:
    model = {"ResourceArn": jsonata("$states.input.arn")}
    tag = {"Key": UNUSED_SINCE, "Value": jsonata("$now()")}
    return _map(
        "$models",
        {
            "Is it used?": choice(
                (f"{_IS_USED} and $states.input.unusedSince != ''", "It is used again"),
                (_IS_USED, "Keep it"),
                ("$states.input.unusedSince = ''", "It is unused"),
                (_IS_OLD, "Delete it"),
                otherwise="Keep it",
            ),
            "It is used again": _task(
                f"{sdk}:sagemaker:deleteTags", {**model, "TagKeys": [UNUSED_SINCE]}
            ),
            "It is unused": _task(f"{sdk}:sagemaker:addTags", {**model, "Tags": [tag]}),
            "Delete it": _task(
                f"{sdk}:sagemaker:deleteModel", {"ModelName": jsonata("$states.input.name")}
            ),
            "Keep it": {"Type": "Succeed"},
        },
    ) | {"End": True}


def _task(resource: str, arguments: dict[str, Any]) -> State:
    return {
        "Type": "Task",
        "Resource": resource,
        "Arguments": arguments,
        "Retry": _RETRY,
        "Next": "Keep it",
    }


def _map(items: str, states: State) -> State:
    return {
        "Type": "Map",
        "Items": jsonata(items),
        "MaxConcurrency": 4,
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "INLINE"},
            "StartAt": next(iter(states)),
            "States": states,
        },
    }
