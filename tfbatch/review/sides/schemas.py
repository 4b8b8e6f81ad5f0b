"""Reads CloudFormation's resource schemas, which come with cfn-lint.

It reads the data files directly, because importing cfn-lint takes seconds.
"""

from __future__ import annotations

import importlib.util
import json
from functools import cache
from pathlib import Path
from typing import Any

_REGION = "us-east-1"
_MORE_STATEFUL = {
    "AWS::SageMaker::FeatureGroup",
    "AWS::SageMaker::Domain",
    "AWS::S3Express::DirectoryBucket",
}


def physical_names(kind: str) -> tuple[str, ...]:
    """Properties that name the resource in its account, such as ``BucketName``."""
    own = f"{kind.rpartition('::')[2]}Name"
    fixed = _pointers(kind, "createOnlyProperties")
    return tuple(name for name in fixed if name in ("Name", own, "BucketName", "FunctionName"))


def identifiers(kind: str) -> frozenset[str]:
    """Properties and attributes that stay as long as the resource isn't replaced."""
    return frozenset(_pointers(kind, "primaryIdentifier"))


def is_stateful(kind: str) -> bool:
    """Whether a resource holds what can't be created again: objects, records, keys, logs."""
    return kind in _stateful()


def actions(service: str) -> frozenset[str]:
    """Every action of a service in lower case, without its prefix; empty if unknown."""
    return frozenset(_policies().get(service, {}).get("Actions", ()))


@cache
def _data() -> Path:
    spec = importlib.util.find_spec("cfnlint")
    assert spec is not None  # noqa: S101 # it is one of this project's own requirements
    assert spec.submodule_search_locations  # noqa: S101
    return Path(spec.submodule_search_locations[0]) / "data"


@cache
def _schema(kind: str) -> dict[str, Any]:
    digest = _json("schemas/providers", f"{_REGION}.json").get(kind)
    return _json("schemas/resources", f"{digest}.json") if digest else {}


def _pointers(kind: str, name: str) -> tuple[str, ...]:
    """JSON pointers such as ``/properties/Code/S3Bucket`` as ``Code.S3Bucket``."""
    return tuple(
        ".".join(part for part in pointer.split("/")[2:] if part != "*")
        for pointer in _schema(kind).get(name, ())
    )


@cache
def _stateful() -> frozenset[str]:
    known = _json("AdditionalSpecs", "StatefulResources.json")["ResourceTypes"]
    return frozenset(known) | _MORE_STATEFUL


@cache
def _policies() -> dict[str, Any]:
    return _json("AdditionalSpecs", "Policies.json")


@cache
def _json(folder: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((_data() / folder / name).read_text())
    return found
