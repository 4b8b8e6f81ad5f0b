"""The request of an execution: its JSON Schema, and the JSONata that validates it.

The state machine, the table in the documentation and the command use this schema.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tfbatch_cdk.settings.format import MAX_PAYLOAD_TIMES_CONCURRENCY_MB
from tfbatch_cdk.workflow import fields

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tfbatch_cdk.settings import Stage

Schema = dict[str, Any]

_S3_URI = r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?$"

_TYPES = {
    "string": "$type(@) = 'string'",
    "boolean": "$type(@) = 'boolean'",
    "number": "$type(@) = 'number'",
    "integer": "($type(@) = 'number' ? $floor(@) = @ : false)",
    "array": "$type(@) = 'array'",
    "object": "$type(@) = 'object'",
}
_MAX_VALUE = 10240
"""Limit of CreateTransformJob for the value of an environment variable."""


def schema(stage: Stage) -> Schema:
    """The JSON Schema of a stage's requests.

    ``x-expected`` and ``x-remedy`` are for the message of a wrong value: "NAME = VALUE is not
    EXPECTED: REMEDY."; ``x-default`` describes the default.
    """
    models = [model.name for model in stage.models]
    most = stage.compute.max_instances
    properties: dict[str, Schema] = {
        fields.INPUT: {
            "type": "string",
            "pattern": _S3_URI,
            "description": "`s3://bucket/folder/`, taken as a folder: `s3://b/photos` never means "
            "`photos_old/` too; or a SageMaker manifest, `s3://bucket/list.manifest`",
            "x-expected": "an S3 URI",
            "x-remedy": "write it as s3://bucket/folder/",
        },
        fields.FORMAT: _one_of(list(stage.formats), "How Batch Transform reads the objects"),
        fields.MODEL: {
            **_one_of(models, "Which model predicts"),
            "x-expected": "deployed",
            "x-default": f"`{models[0]}`",
        },
        fields.OUTPUT: {
            "type": "string",
            "pattern": _S3_URI,
            "description": "`s3://OUTPUT-BUCKET/folder/`, where the predictions go",
            "x-expected": "an S3 URI",
            "x-remedy": "write it as s3://bucket/folder/, or leave it out",
            "x-default": "a folder named as the execution",
        },
        fields.INSTANCES: {
            "type": "integer",
            "minimum": 1,
            "maximum": most,
            "description": "Instances of each transform job",
            "x-expected": f"a whole number from 1 to {most}",
            "x-remedy": "ask for fewer, or raise Compute.max_instances and deploy",
            "x-default": "enough for the deadline, else the stage's",
        },
        **_job_fields(stage),
        fields.DEADLINE_MINUTES: _positive("Minutes the run may take; more instances meet it"),
        fields.BUDGET_USD: _positive("Refuse a run whose estimate is above this"),
        fields.MAX_EXCEPTIONS: {
            "type": "number",
            "minimum": 0,
            "description": "Fail a run with more exceptions: a count, or below 1 a share",
            "x-expected": "a number of at least 0",
            "x-remedy": "give a count such as 100, or a share such as 0.01",
            "x-default": "no limit",
        },
        fields.DRY_RUN: {
            "type": "boolean",
            "description": "Stop after the plan: what would run, for how long, at what cost",
            "x-expected": "true or false",
            "x-remedy": "leave it out to run",
            "x-default": "false",
        },
        fields.KEY: {
            "type": "string",
            "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$",
            "description": "Requests with one key run once; the second says which ran",
            "x-expected": "a key of letters, digits, dots, hyphens and underscores",
            "x-remedy": "shorten or change it, at most 128 characters",
            "x-default": "none: every request runs",
        },
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "required": [fields.INPUT, fields.FORMAT],
        "additionalProperties": False,
        "properties": properties,
    }


def _job_fields(stage: Stage) -> dict[str, Schema]:
    """What a request may change of its jobs, within what the stage permits."""
    types, variables = list(stage.compute.instance_types), list(stage.request_variables)
    return {
        fields.INSTANCE_TYPES: {
            "type": "array",
            "items": {"enum": types},
            "minItems": 1,
            "description": "Tried in this order, of the stage's: " + ", ".join(types),
            "x-expected": f"a list of {', '.join(types)}",
            "x-remedy": "name some of them, or add to Compute.instance_types and deploy",
            "x-default": "all, in the stage's order",
        },
        fields.MAX_PAYLOAD_MB: _limited(
            "The largest request body, in MB; a larger object raises it", "the format's"
        ),
        fields.MAX_CONCURRENT_TRANSFORMS: _limited(
            "Requests in flight on each instance; times the payload at most 100 MB",
            "the format's, or what the payload admits",
        ),
        fields.BATCH_STRATEGY: {
            **_one_of(["SingleRecord", "MultiRecord"], "Records of a request: one, or many"),
            "x-default": "the format's",
        },
        fields.ENVIRONMENT: {
            "type": "object",
            "propertyNames": {"enum": variables},
            "additionalProperties": {"type": "string", "maxLength": _MAX_VALUE},
            "description": "Container variables of the jobs, of those in `Stage.request_variables`",
            "x-expected": f"an object with texts for {', '.join(variables) or 'no variable'}",
            "x-remedy": "leave the others out, or add them to Stage.request_variables and deploy",
            "x-default": "the stage's",
        },
    }


def _limited(description: str, default: str) -> Schema:
    return {
        "type": "integer",
        "minimum": 1,
        "maximum": MAX_PAYLOAD_TIMES_CONCURRENCY_MB,
        "description": description,
        "x-expected": f"a whole number from 1 to {MAX_PAYLOAD_TIMES_CONCURRENCY_MB}",
        "x-remedy": "give a smaller one, or leave it out",
        "x-default": default,
    }


def _one_of(names: list[str], description: str) -> Schema:
    return {
        "type": "string",
        "enum": names,
        "description": description,
        "x-expected": "known",
        "x-remedy": f"use one of {', '.join(names)}",
    }


def _positive(description: str) -> Schema:
    return {
        "type": "number",
        "exclusiveMinimum": 0,
        "description": description,
        "x-expected": "a number above 0",
        "x-remedy": "give one, or leave it out",
        "x-default": "no limit",
    }


def problems(rules: Schema) -> str:
    """A JSONata array of sentences, one for each invalid field of ``$in``.

    It uses ``$shown``, which formats a value.
    """
    lines = list(_sentences(rules))
    known = json.dumps(sorted(rules["properties"]))
    lines.append(
        f"($unknown := $filter($keys($in), function($key) {{ $not($key in {known}) }});\n"
        "      $count($unknown) > 0 ? $join($sort($unknown), ', ')\n"
        f"        & ': not a field of a request; the fields are ' & $join({known}, ', ') & '.')"
    )
    return "[\n    " + ",\n    ".join(lines) + "\n  ]"


def _sentences(rules: Schema) -> Iterator[str]:
    for name, rule in rules["properties"].items():
        value, remedy = f"$in.{name}", rule["x-remedy"]
        wrong = (
            f"$not({_holds(rule, value)})\n      ? {_text(f'{name} = ')} & $shown({value})"
            f" & {_text(' is not ' + rule['x-expected'] + f': {remedy}.')}"
        )
        if name in rules["required"]:
            missing = _text(f"{name} is missing: {remedy}.")
            yield f"$exists({value}) ? ({wrong}) : {missing}"
        else:
            yield f"$exists({value}) ? ({wrong})"


def _holds(rule: Mapping[str, Any], value: str) -> str:
    """The schema's keywords as one condition; the type is tested first."""
    tests = []
    if "enum" in rule:
        tests.append(f"@ in {json.dumps(rule['enum'])}")
    if "pattern" in rule:
        tests.append(f"$contains(@, /{rule['pattern'].replace('/', chr(92) + '/')}/)")
    for keyword, operator in (("minimum", ">="), ("maximum", "<="), ("exclusiveMinimum", ">")):
        if keyword in rule:
            tests.append(f"@ {operator} {rule[keyword]}")
    if "minItems" in rule:
        tests.append(f"$count(@) >= {rule['minItems']}")
    if "items" in rule:
        tests.append(_all("@", f"$one in {json.dumps(rule['items']['enum'])}"))
    if "propertyNames" in rule:
        tests.append(_all("$keys(@)", f"$one in {json.dumps(rule['propertyNames']['enum'])}"))
        most = rule["additionalProperties"]["maxLength"]
        text = f"($type($one) = 'string' ? $length($one) <= {most} : false)"
        tests.append(_all("[$each(@, function($value) { $value })]", text))
    typed = _TYPES[rule["type"]]
    condition = f"({typed} ? {' and '.join(tests)} : false)" if tests else typed
    return condition.replace("@", value)


def _all(values: str, holds: str) -> str:
    """Whether a condition holds for ``$one``, each of some values."""
    return f"$count($filter({values}, function($one) {{ $not({holds}) }})) = 0"


def _text(sentence: str) -> str:
    """A JSONata string, which has the escapes of JSON."""
    return json.dumps(sentence)


def table(rules: Schema) -> str:
    """The fields as a Markdown table, for the documentation."""
    rows = ["| field | when left out | |", "| --- | --- | --- |"]
    for name, rule in rules["properties"].items():
        default = "required" if name in rules["required"] else rule["x-default"]
        rows.append(f"| `{name}` | {default} | {rule['description']} |")
    return "\n".join(rows) + "\n"
