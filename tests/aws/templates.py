"""The policies of a template, with ARNs that look real where the template has references."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.tfbatch_cdk.conftest import Assembly

Json = Any
_ARNS = {
    "AWS::IAM::Role": "iam::{account}:role/{name}",
    "AWS::KMS::Key": "kms:{region}:{account}:key/{name}",
    "AWS::Lambda::Function": "lambda:{region}:{account}:function:{name}",
    "AWS::Logs::LogGroup": "logs:{region}:{account}:log-group:{name}:*",
    "AWS::S3::Bucket": "s3:::{name}",
    "AWS::SNS::Topic": "sns:{region}:{account}:{name}",
    "AWS::StepFunctions::StateMachine": "states:{region}:{account}:stateMachine:{name}",
}
_REF_IS_ARN = {"AWS::SNS::Topic", "AWS::StepFunctions::StateMachine"}
_POLICIES = ("AssumeRolePolicyDocument", "KeyPolicy", "PolicyDocument")


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a template is deployed."""

    partition: str = "aws"
    region: str = "us-east-1"
    account: str = "123456789012"


class Resolver:
    """Replaces references in the templates of an assembly."""

    def __init__(self, assembly: Assembly, place: Place) -> None:
        templates = (assembly.data, assembly.inference)
        self._kinds = {
            name: one["Type"] for each in templates for name, one in each["Resources"].items()
        }
        self._exports = {
            one["Export"]["Name"]: one["Value"]
            for each in templates
            for one in each.get("Outputs", {}).values()
            if "Export" in one
        }
        self._place = place
        self._pseudo = {
            "AWS::Partition": place.partition,
            "AWS::Region": place.region,
            "AWS::AccountId": place.account,
            "AWS::URLSuffix": "amazonaws.com",
        }

    def resolve(self, value: Json) -> Json:  # noqa: C901, PLR0911 # one for each function
        """The value without references."""
        match value:
            case {"Ref": name}:
                return self._ref(name)
            case {"Fn::GetAtt": [name, "Arn"]} if self._kinds.get(name) in _ARNS:
                return self._arn(name)
            case {"Fn::GetAtt": [name, _]}:
                return name
            case {"Fn::ImportValue": name}:
                return self.resolve(self._exports[name])
            case {"Fn::Join": [separator, parts]}:
                return str(separator).join(map(self.resolve, parts))
            case {"Fn::Sub": str(text)}:
                return re.sub(r"\$\{([\w:]+)\}", lambda match: self._ref(match[1]), text)
            case {"Fn::FindInMap": _}:
                return "763104351884"  # the registry's account
            case {"Fn::Select": _} | {"Fn::Split": _}:
                return "part"
            case dict():
                return {name: self.resolve(item) for name, item in value.items()}
            case list():
                return [self.resolve(item) for item in value]
            case _:
                return value

    def _ref(self, name: str) -> str:
        return self._arn(name) if self._kinds.get(name) in _REF_IS_ARN else self._named(name)

    def _named(self, name: str) -> str:
        return self._pseudo.get(name, name)

    def _arn(self, name: str) -> str:
        place = self._place
        rest = _ARNS[self._kinds[name]]
        text = rest.format(region=place.region, account=place.account, name=name)
        return f"arn:{place.partition}:{text}"


def statements(assembly: Assembly, place: Place) -> Iterator[tuple[str, str, dict[str, Json]]]:
    """Logical id, kind of policy and statement: of roles, buckets, keys, topics and endpoints."""
    resolver = Resolver(assembly, place)
    for template in (assembly.data, assembly.inference):
        for name, resource in template["Resources"].items():
            for kind, document in _documents(resource.get("Properties", {})):
                for statement in resolver.resolve(document)["Statement"]:
                    yield name, kind, statement


def _documents(properties: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    for kind in _POLICIES:
        if isinstance(properties.get(kind), dict):
            yield kind, properties[kind]
    for inline in properties.get("Policies", ()):
        if isinstance(inline, dict) and "PolicyDocument" in inline:
            yield "PolicyDocument", inline["PolicyDocument"]
