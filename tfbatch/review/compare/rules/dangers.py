"""The changes that weaken a protection, with the sentence that says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tfbatch.review.compare.differences import ABSENT
from tfbatch.review.compare.rules.harmless import is_on, number
from tfbatch.review.compare.rules.rule import Rule
from tfbatch.review.finding import Severity

if TYPE_CHECKING:
    from tfbatch.review.compare.differences import Leaf
    from tfbatch.review.compare.rules.rule import Place

_ATTENTION = Severity.ATTENTION
_ANYWHERE = ("0.0.0.0/0", "::/0")
KEEPING = ("Retain", "RetainExceptOnCreate", "Snapshot")


def _is_off(value: Any) -> bool:  # noqa: ANN401 # any value of a template
    return value is ABSENT or str(value).lower() in (
        "false",
        "disabled",
        "suspended",
        "off",
        "none",
    )


def _is_dropped(leaf: Leaf, _place: Place) -> bool:
    return not _is_off(leaf.old) and _is_off(leaf.new)


def _is_weaker_encryption(leaf: Leaf, place: Place) -> bool:
    return _is_dropped(leaf, place) or (leaf.old, leaf.new) == ("aws:kms", "AES256")


def _is_sooner(leaf: Leaf, place: Place) -> bool:
    """Whether something newly expires, or sooner than before."""
    old, new = number(leaf.old), number(leaf.new)
    return place.fate != "added" and new is not None and (old is None or new < old)


def _is_opened(leaf: Leaf, _place: Place) -> bool:
    return leaf.new in _ANYWHERE


def _is_public(leaf: Leaf, place: Place) -> bool:
    return not is_on(leaf.new) and (is_on(leaf.old) or place.fate == "added")


def _is_isolation_lost(leaf: Leaf, place: Place) -> bool:
    """Whether a container gets a network that it didn't have, or leaves its VPC with one."""
    if leaf.path.startswith("VpcConfig"):
        isolated = isinstance(place.new, dict) and is_on(place.new.get("EnableNetworkIsolation"))
        return leaf.new is ABSENT and not isolated
    return _is_dropped(leaf, place)


def _rule(name: str, says: str, why: str, **fields: Any) -> Rule:  # noqa: ANN401 # a rule's fields
    return Rule(name=name, says=says, why=why, verdict=_ATTENTION, **fields)


DANGERS = (
    _rule(
        "bucket-public",
        "may be made public: the block on public access is off",
        "A bucket policy or an object's access list can then open it to the whole internet.",
        property=r"PublicAccessBlockConfiguration(\.\w+)?",
        when=_is_public,
    ),
    _rule(
        "bucket-public",
        "is readable by anyone on the internet",
        "Its access control list says so.",
        many="are readable by anyone on the internet",
        property="AccessControl",
        when=lambda leaf, _place: str(leaf.new).startswith(("Public", "Authenticated")),
    ),
    _rule(
        "function-public",
        "answers anyone on the internet",
        "Nobody has to sign in.",
        many="answer anyone on the internet",
        property="AuthType|AuthorizationType|FunctionUrlAuthType",
        when=lambda leaf, _place: leaf.new == "NONE",
    ),
    _rule(
        "network-open",
        "is reachable from anywhere",
        "An inbound rule admits every address.",
        many="are reachable from anywhere",
        kind="AWS::EC2::SecurityGroup",
        property=r"SecurityGroupIngress\b.*\.Cidr(Ip|Ipv6)",
        when=_is_opened,
    ),
    _rule(
        "network-open",
        "is reachable from anywhere",
        "An inbound rule admits every address.",
        many="are reachable from anywhere",
        kind="AWS::EC2::SecurityGroupIngress|AWS::EC2::NetworkAclEntry",
        property=r"(Properties\.)?Cidr(Ip|Ipv6|Block)",
        when=_is_opened,
    ),
    _rule(
        "network-leaves",
        "may send to anywhere",
        "An outbound rule admits every address.",
        many="may send to anywhere",
        kind="AWS::EC2::SecurityGroup(Egress)?",
        property=r"(SecurityGroupEgress\b.*\.)?Cidr(Ip|Ipv6)",
        when=_is_opened,
    ),
    _rule(
        "encryption-weakened",
        "is encrypted less strictly",
        "The customer managed key, or encryption itself, was removed.",
        many="are encrypted less strictly",
        property=r"(?!.*BucketKeyEnabled).*(Kms|KMS|Encrypt|SSEAlgorithm).*",
        when=_is_weaker_encryption,
    ),
    _rule(
        "network-isolation-off",
        "is no longer isolated from the network",
        "Code in the container, its packages included, can then send data anywhere.",
        many="are no longer isolated from the network",
        property=r"EnableNetworkIsolation|VpcConfig\b.*",
        when=_is_isolation_lost,
    ),
    _rule(
        "audit-off",
        "no longer logs who used it",
        "What happened can't be found out afterwards.",
        many="no longer log who used them",
        property=r"LoggingConfiguration\b.*(DestinationBucketName|Level|Destinations\b.*)",
        when=_is_dropped,
    ),
    _rule(
        "retention-lost",
        "is no longer kept when its stack or its code is removed",
        "This change weakens the protection of its data.",
        many="are no longer kept when their stack or their code is removed",
        property="DeletionPolicy|UpdateReplacePolicy",
        when=lambda leaf, _place: leaf.old in KEEPING and leaf.new not in KEEPING,
    ),
    _rule(
        "retention-lost",
        "no longer keeps older versions of its objects",
        "This change weakens the protection of its data.",
        many="no longer keep older versions of their objects",
        property=r"VersioningConfiguration\.Status",
        when=_is_dropped,
    ),
    _rule(
        "retention-lost",
        "is no longer protected against deletion, or can no longer be restored",
        "This change weakens the protection of its data.",
        many="are no longer protected against deletion, or can no longer be restored",
        property=r".*PointInTimeRecoveryEnabled|DeletionProtection(Enabled)?",
        when=_is_dropped,
    ),
    _rule(
        "retention-lost",
        "forgets sooner",
        "This change weakens the protection of its data.",
        many="forget sooner",
        property=r".*(ExpirationInDays|RetentionInDays|NoncurrentDays)",
        when=_is_sooner,
    ),
    _rule(
        "termination-protection-lost",
        "is no longer protected against termination",
        "One `cdk destroy` would then take it down.",
        many="are no longer protected against termination",
        kind="Stack",
        property="terminationProtection",
        when=_is_dropped,
    ),
    _rule(
        "boundary-lost",
        "has no permissions boundary any more, or another one",
        "The boundary held what its policies may grant.",
        many="have no permissions boundary any more, or another one",
        property="PermissionsBoundary",
        when=lambda leaf, _place: leaf.old is not ABSENT,
    ),
    _rule(
        "alarm-changed",
        "alarms at another time, or tells somebody else",
        "A failure that it reported may go unnoticed.",
        many="alarm at another time, or tell somebody else",
        kind="AWS::CloudWatch::(Composite)?Alarm",
        fate="changed|replaced|moved",
        property=r"(?!AlarmDescription|Metadata|Tags).*",
    ),
    _rule(
        "trigger-changed",
        "starts at other events, or starts something else",
        "Runs may start that nobody asked for, or not start.",
        many="start at other events, or start something else",
        kind="AWS::Events::Rule|AWS::Scheduler::Schedule|AWS::Pipes::Pipe|AWS::S3::Bucket",
        property=r"EventPattern\b.*|ScheduleExpression|State|Targets\b.*|NotificationConfiguration\b.*",
        fate="changed|replaced|moved",
    ),
    _rule(
        "subscriber-added",
        "sends every notification to somebody new",
        "What a run reports, the names of its files included, then leaves for that address.",
        many="send every notification to somebody new",
        kind="AWS::SNS::(Subscription|Topic)",
        property=r"Subscription\b.*|Endpoint|Properties\.Endpoint",
        when=lambda leaf, _place: leaf.new is not ABSENT,
    ),
    _rule(
        "renamed",
        "gets another name",
        "Who uses the old name no longer finds it.",
        many="get other names",
        kind="AWS::.*",
        property=r"(Bucket|Table|Function|Role|Queue|Topic|Model|LogGroup|StateMachine|Alias|Rule)?Name",
        fate="changed|replaced",
    ),
    _rule(
        "image-changed",
        "runs another container image",
        "The image reads all data and serves the model. Check its account, name and tag.",
        many="run another container image",
        property=r".*\bImage(Uri)?|Code\.ImageUri",
    ),
    _rule(
        "mapping-changed",
        "has other values",
        "Templates take account ids, image names and the like from mappings.",
        kind="Mappings",
    ),
    _rule(
        "parameter-changed",
        "has another default or other limits",
        "A deployment that doesn't set it uses the default.",
        many="have another default or other limits",
        kind="Parameters",
        property=r"[^.]+\.(?!Description).*|[^.]+",
    ),
    _rule(
        "output-removed",
        "is removed or tells something else",
        "Whoever reads it, in another stack or a script, gets nothing or another value.",
        many="are removed or tell something else",
        kind="Outputs",
        fate="removed",
        property=r"(?!ExportsOutput(Ref|FnGetAtt)).*",
    ),
    _rule(
        "output-removed",
        "is removed or tells something else",
        "Whoever reads it, in another stack or a script, gets nothing or another value.",
        many="are removed or tell something else",
        kind="Outputs",
        fate="changed",
        property=r"[^.]+\.(?!Description).*|[^.]+",
    ),
    _rule(
        "condition-changed",
        "decides otherwise",
        "Resources exist or not by this condition.",
        many="decide otherwise",
        kind="Conditions",
    ),
    _rule(
        "condition-changed",
        "exists under another condition",
        "Where the condition doesn't hold, the deployment deletes it.",
        many="exist under another condition",
        property="Condition",
        kind="AWS::(?!CDK::).*|Custom::.*",
        fate="changed|replaced|moved",
    ),
)
