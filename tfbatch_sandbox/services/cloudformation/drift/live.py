"""Reads the live properties of resources, in the words of their CloudFormation types.

A type that isn't in :data:`READERS` is not checked, as on AWS a type without support for drift.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from moto.awslambda.models import lambda_backends
from moto.iam.models import iam_backends
from moto.s3.models import s3_backends
from moto.sns.models import sns_backends
from moto.stepfunctions.parser.models import stepfunctions_parser_backends
from moto.utilities.utils import get_partition

if TYPE_CHECKING:
    from collections.abc import Callable

Properties = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a stack's resources are."""

    account: str
    region: str

    @property
    def partition(self) -> str:
        """``aws`` or ``aws-cn``, for example."""
        return str(get_partition(self.region))


def read(kind: str, place: Place, physical_id: str) -> Properties | None:
    """The properties of a resource that a template can set; ``None`` if it was deleted."""
    try:
        return READERS[kind](place, physical_id)
    except Exception as error:
        if "NotFound" in type(error).__name__ or isinstance(error, KeyError) or _is_gone(error):
            return None
        raise


def _is_gone(error: Exception) -> bool:
    return any(word in str(error) for word in ("NoSuch", "NotExist", "NotFound", "not found"))


def _bucket(place: Place, name: str) -> Properties:
    bucket = s3_backends[place.account][place.partition].buckets[name]
    block = bucket.public_access_block
    names = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    values = block.to_config_dict().values() if block else ()
    return {
        "VersioningConfiguration": {"Status": bucket.versioning_status}
        if bucket.versioning_status
        else None,
        "PublicAccessBlockConfiguration": dict(zip(names, values, strict=True)) if block else None,
    }


def _function(place: Place, name: str) -> Properties:
    function = lambda_backends[place.account][place.region].get_function(name)
    return {
        "Environment": {"Variables": dict(function.environment_vars or {})},
        "Handler": function.handler,
        "MemorySize": function.memory_size,
        "Runtime": function.run_time,
        "Timeout": function.timeout,
    }


def _role(place: Place, name: str) -> Properties:
    role = iam_backends[place.account][place.partition].get_role(name)
    return {"AssumeRolePolicyDocument": json.loads(role.assume_role_policy_document)}


def _topic(place: Place, arn: str) -> Properties:
    topic = sns_backends[place.account][place.region].topics[arn]
    return {"TopicName": topic.name}


def _state_machine(place: Place, arn: str) -> Properties:
    machine = stepfunctions_parser_backends[place.account][place.region].describe_state_machine(arn)
    return {"DefinitionString": machine.definition, "RoleArn": machine.roleArn}


READERS: dict[str, Callable[[Place, str], Properties]] = {
    "AWS::IAM::Role": _role,
    "AWS::Lambda::Function": _function,
    "AWS::S3::Bucket": _bucket,
    "AWS::SNS::Topic": _topic,
    "AWS::StepFunctions::StateMachine": _state_machine,
}
