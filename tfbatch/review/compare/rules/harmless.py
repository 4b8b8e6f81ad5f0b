"""The changes that are harmless, each with its reason."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tfbatch.review.compare.differences import ABSENT
from tfbatch.review.compare.rules.rule import Rule
from tfbatch.review.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Collection

    from tfbatch.review.compare.differences import Leaf
    from tfbatch.review.compare.rules.rule import Place

_FINE = Severity.FINE


def number(value: Any) -> float | None:  # noqa: ANN401 # any value of a template
    """A number, also one that is written as text; ``None`` if it is none."""
    try:
        return None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None


def is_on(value: Any) -> bool:  # noqa: ANN401 # any value of a template
    """Whether a flag is set, as CloudFormation reads it."""
    return str(value).lower() in ("true", "enabled", "on")


def _is_raised(leaf: Leaf, _place: Place) -> bool:
    old, new = number(leaf.old), number(leaf.new)
    return old is not None and new is not None and new > old


def _is_switched_on(leaf: Leaf, _place: Place) -> bool:
    return is_on(leaf.new) and not is_on(leaf.old)


def _is_longer(leaf: Leaf, place: Place) -> bool:
    """Whether something is kept longer; without a number it is kept for ever."""
    return _is_raised(leaf, place) or (number(leaf.old) is not None and leaf.new is ABSENT)


def _is_isolated(leaf: Leaf, place: Place) -> bool:
    """Whether a model's container has no network before and after."""
    return leaf.new is ABSENT and all(
        is_on(side.get("EnableNetworkIsolation")) for side in (place.old, place.new)
    )


def _is_plain_tag(leaf: Leaf, _place: Place) -> bool:
    """Whether the CDK doesn't act by the tag: by one of its own it empties a bucket."""
    return "aws-cdk:" not in f"{leaf.path} {leaf.old} {leaf.new}"


WRITTEN_OTHERWISE = Rule(
    name="written-otherwise",
    verdict=_FINE,
    says="is written otherwise",
    many="are written otherwise",
    why="CloudFormation reads both as the same value.",
)
SAME_REFERENCE = Rule(
    name="same-reference",
    verdict=_FINE,
    says="refers to the same under another name",
    many="refer to the same under another name",
    why="Only logical ids, export names or asset hashes differ, and they mean the same.",
)
REPLACED_REFERENCE = Rule(
    name="replaced-reference",
    verdict=_FINE,
    says="refers to a resource that is replaced",
    many="refer to a resource that is replaced",
    why="The text is the same, and it then names the new resource.",
)
NEW_CONTENTS = Rule(
    name="new-contents",
    verdict=_FINE,
    says="has new contents",
    many="have new contents",
    why="Its files are compared one by one, under the model artifact and the code.",
)
SHOWN_AS_PERMISSIONS = Rule(
    name="policy-compared",
    verdict=_FINE,
    says="has a policy that is written otherwise",
    many="have policies that are written otherwise",
    why="Both sides are compared as sets of permissions; what that finds is listed on its own.",
)
SHOWN_AS_WORKFLOW = Rule(
    name="workflow-compared",
    verdict=_FINE,
    says="has another workflow",
    many="have another workflow",
    why="It is compared state by state, under the workflow.",
)

NESTED_TEMPLATE = Rule(
    name="nested-template",
    verdict=_FINE,
    says="has another template",
    many="have other templates",
    why="The nested stack is compared itself.",
)

_TEXTS = (
    "AWS::(IAM::Role|IAM::ManagedPolicy|Lambda::Function|KMS::Key|Events::Rule|CloudWatch::Alarm"
    "|EC2::SecurityGroup|EC2::SecurityGroupIngress|EC2::SecurityGroupEgress|SNS::Topic)"
)
_ADDED = (
    "AWS::(CloudWatch::Alarm|CloudWatch::CompositeAlarm|CloudWatch::Dashboard|Logs::QueryDefinition"
    "|Logs::LogGroup|IAM::Role|IAM::Policy|IAM::ManagedPolicy|Lambda::Permission|S3::BucketPolicy"
    "|SNS::TopicPolicy|SQS::QueuePolicy)"
)
TAGS = Rule(
    name="tags",
    verdict=_FINE,
    says="has other tags",
    many="have other tags",
    why="No policy of the stage decides by tags.",
    kind="AWS::.*|Stack",
    property=r"(Tags|tags)\b.*",
    when=_is_plain_tag,
)
"""Where no policy decides by tags."""


def other_tags(deciding: Collection[str]) -> Rule:
    """The same where policies decide by some tags, whose keys are given in lower case."""

    def when(leaf: Leaf, place: Place) -> bool:
        named = re.match(r"[Tt]ags(?:\[([^\]]+)\]|\.(.+))", leaf.path)
        words = [named[1] or named[2] if named else "", str(leaf.old), str(leaf.new)]
        decides = any(word.lower() in deciding for word in words)
        return named is not None and not decides and _is_plain_tag(leaf, place)

    return replace(TAGS, when=when, why="No policy of the stage decides by these tags.")


HARMLESS = (
    Rule(
        name="description",
        verdict=_FINE,
        says="has another description",
        many="have another description",
        why="A text for people.",
        kind=_TEXTS,
        property=r"Description|AlarmDescription|DisplayName|SecurityGroup(In|E)gress\[.*\]\.Description",
    ),
    Rule(
        name="description",
        verdict=_FINE,
        says="has another description",
        why="A text for people.",
        kind="Description",
    ),
    Rule(
        name="description",
        verdict=_FINE,
        says="has another description",
        why="A text for people.",
        kind="Outputs|Parameters",
        property=r"[^.]+\.Description",
        fate="changed",
    ),
    Rule(
        name="construct-path",
        verdict=_FINE,
        says="was written elsewhere in the code",
        many="were written elsewhere in the code",
        why="The CDK's own notes, which CloudFormation doesn't read.",
        property=r"Metadata\.aws:(cdk:path|asset:path|asset:property|asset:is-bundled)",
    ),
    Rule(
        name="order",
        verdict=_FINE,
        says="is deployed after others",
        many="are deployed after others",
        why="It changes the order of the deployment, and nothing that is deployed.",
        property="DependsOn",
    ),
    Rule(
        name="cdk-export",
        verdict=_FINE,
        says="is no longer exported",
        many="are no longer exported",
        why="The CDK made it for other stacks of the app. If one uses it, that is said above.",
        kind="Outputs",
        property=r"ExportsOutput(Ref|FnGetAtt).*",
        fate="removed",
    ),
    Rule(
        name="cdk-metadata",
        verdict=_FINE,
        says="counts other constructs",
        why="The CDK's usage statistics, which configure nothing.",
        kind="AWS::CDK::Metadata",
        property=r"Type|Analytics|Properties\.Analytics|Condition|Metadata\.aws:cdk:path",
    ),
    Rule(
        name="shown-to-people",
        verdict=_FINE,
        says="shows something else",
        many="show something else",
        why="People look at it; nothing acts by it.",
        kind="AWS::CloudWatch::Dashboard|AWS::Logs::QueryDefinition",
        property="DashboardBody|QueryString|LogGroupNames",
    ),
    Rule(
        name="harmless-addition",
        verdict=_FINE,
        says="is new",
        many="are new",
        why="It watches, records or grants. What it grants and costs is listed on its own.",
        kind=_ADDED,
        fate="added",
    ),
    Rule(
        name="output-added",
        verdict=_FINE,
        says="is new",
        many="are new",
        why="It tells a value, and changes nothing that is deployed.",
        kind="Outputs",
        fate="added",
    ),
    Rule(
        name="bucket-key",
        verdict=_FINE,
        says="uses its key more cheaply, or less",
        many="use their keys more cheaply, or less",
        why="A bucket key changes the number of calls to KMS, and not the encryption.",
        kind="AWS::S3::Bucket",
        property=r".*\.BucketKeyEnabled",
    ),
    Rule(
        name="protection-added",
        verdict=_FINE,
        says="is better protected",
        many="are better protected",
        why="A protection is switched on.",
        kind="AWS::S3::Bucket",
        property=r"PublicAccessBlockConfiguration\.\w+|VersioningConfiguration\.Status",
        when=_is_switched_on,
    ),
    Rule(
        name="protection-added",
        verdict=_FINE,
        says="is better protected",
        many="are better protected",
        why="A protection is switched on.",
        kind="AWS::(SageMaker::Model|KMS::Key|DynamoDB::Table)|Stack",
        property=r"EnableNetworkIsolation|EnableKeyRotation|DeletionProtectionEnabled"
        r"|PointInTimeRecoverySpecification\.PointInTimeRecoveryEnabled|terminationProtection",
        when=_is_switched_on,
    ),
    Rule(
        name="protection-added",
        verdict=_FINE,
        says="is kept when its stack or its code is removed",
        many="are kept when their stack or their code is removed",
        why="Its deletion policy is now Retain.",
        property="DeletionPolicy|UpdateReplacePolicy",
        when=lambda leaf, _place: leaf.new in ("Retain", "RetainExceptOnCreate"),
    ),
    Rule(
        name="kept-longer",
        verdict=_FINE,
        says="keeps its data longer",
        many="keep their data longer",
        why="It costs more, and nothing is lost.",
        property=r".*(ExpirationInDays|RetentionInDays|NoncurrentDays)",
        when=_is_longer,
    ),
    Rule(
        name="isolated-without-vpc",
        verdict=_FINE,
        says="leaves the VPC and stays without a network",
        many="leave the VPC and stay without a network",
        why="Network isolation is on before and after: the container can't send anything.",
        kind="AWS::SageMaker::Model",
        property=r"VpcConfig\b.*",
        when=_is_isolated,
    ),
    Rule(
        name="function-larger",
        verdict=_FINE,
        says="has more memory or time",
        many="have more memory or time",
        why="A function that needs less is billed a little more.",
        kind="AWS::Lambda::Function",
        property="MemorySize|Timeout",
        when=_is_raised,
    ),
)
