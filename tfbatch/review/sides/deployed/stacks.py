"""Reads the deployed stacks from CloudFormation, as the base of a review."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from tfbatch.review.errors import ReviewError
from tfbatch.review.finding import Finding, Section, Severity
from tfbatch.review.sides import assembly

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from boto3 import Session
    from mypy_boto3_cloudformation import CloudFormationClient

    from tfbatch.review.review import Review
    from tfbatch.review.sides.assembly import Stage
    from tfbatch.review.sides.stacks import Stack

_USAGE: Final = "AWS::CDK::Metadata"
_USAGE_CONDITION: Final = "CDKMetadataAvailable"


def deployed(stage: Stage, *, known: Iterable[Stage]) -> Stage | None:
    """A stage as deployed in the environment's account.

    It calls only ``GetCallerIdentity``, ``DescribeStacks`` and ``GetTemplate``.

    Args:
        stage: the stage in the code, which gives settings, checks and stack names.
        known: stages whose bundles may be deployed, because CloudFormation has only hashes.

    Returns:
        ``None`` if none of its stacks is deployed.

    Raises:
        ReviewError: there are no credentials, or they may not read.
    """
    found = {
        name: replace(
            stack, template=_comparable(stack, real[0]), settings=_protected(stack, on=real[1])
        )
        for name, stack in stage.stacks.items()
        if not stack.parent and (real := _template(stack)) is not None
    }
    if not found:
        return None
    text = json.dumps([stack.template for stack in found.values()])
    bundles = [one for other in known for one in other.bundles.values() if one.hash in text]
    made = assembly.stage_of(stage.name, found, bundles={one.name: one for one in bundles})
    others = ("settings", "nag", "accepted", "lint")
    return replace(made, **{name: getattr(stage, name) for name in others})


def _comparable(stack: Stack, deployed: Mapping[str, Any]) -> Mapping[str, Any]:
    """A deployed template without the CDK's usage statistics, if the stack in the code has none.

    ``cdk deploy`` adds a resource and its condition. A review's synthesis doesn't.
    """
    if _USAGE in json.dumps(stack.template):
        return deployed
    resources = deployed.get("Resources", {}).items()
    kept = {name: body for name, body in resources if body.get("Type") != _USAGE}
    conditions = dict(deployed.get("Conditions", {}))
    own = conditions.pop(_USAGE_CONDITION, None)
    rest = {**deployed, "Resources": kept, "Conditions": conditions}
    if own is None or _USAGE_CONDITION in json.dumps(rest):  # someone else uses it too
        rest["Conditions"] = deployed.get("Conditions", {})
    return rest if rest["Conditions"] else {k: v for k, v in rest.items() if k != "Conditions"}


def _protected(stack: Stack, *, on: bool) -> dict[str, Any]:
    """The settings of a stack with the termination protection that is deployed."""
    known = {key: value for key, value in stack.settings.items() if key != "terminationProtection"}
    is_said = on or "terminationProtection" in stack.settings
    return known | ({"terminationProtection": on} if is_said else {})


def drift(review: Review) -> list[Finding]:
    """The differences between the base and the deployment, in short.

    Args:
        review: of the base (its head) against the deployment (its base).
    """
    sections = (Section.HURT, Section.WORKFLOW, Section.RESOURCES)
    shown = [finding for finding in review.findings if finding.section in sections]
    if not shown:
        return []
    return [
        Finding(
            section=Section.HURT,
            rule="drift",
            severity=Severity.ATTENTION,
            title="The deployed stacks differ from the base",
            why="This review compares with the deployed stacks. They differ from the base in:",
            rows=tuple((finding.title, "", ", ".join(finding.stages)) for finding in shown),
            stages=review.stages,
        )
    ]


def missing(stages: Sequence[str]) -> list[Finding]:
    """Stages that aren't deployed; they are compared with the base."""
    return [
        Finding(
            section=Section.CHECKS,
            rule="not-deployed",
            title=f"Stage {name} isn't deployed: it is compared with the base",
            stages=(name,),
        )
        for name in stages
    ]


def client_of(stack: Stack) -> CloudFormationClient:
    """CloudFormation in a stack's region, and in the account of the credentials.

    Raises:
        ReviewError: the stack belongs to another account.
    """
    return session_of(stack).client("cloudformation")


def session_of(stack: Stack) -> Session:
    """The credentials, in a stack's region.

    Raises:
        ReviewError: the stack belongs to another account.
    """
    import boto3  # noqa: PLC0415 # only if requested

    account, region = _environment(stack)
    session = boto3.Session(region_name=region)
    if account:
        _check_account(session, account, stack.deployed_name)
    return session


def _template(stack: Stack) -> tuple[Mapping[str, Any], bool] | None:
    """A stack's template and termination protection; ``None`` if it doesn't exist."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 # only if requested

    name = stack.deployed_name
    try:
        client = client_of(stack)
        described = client.describe_stacks(StackName=name)["Stacks"][0]
        body: Any = client.get_template(StackName=name, TemplateStage="Original")["TemplateBody"]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise ReviewError(f"stack {name} can't be read: {error}") from error
    except BotoCoreError as error:
        raise ReviewError(
            f"stack {name} can't be read: {error} --deployed needs credentials and a region that "
            "may call DescribeStacks and GetTemplate; leave it out to compare commits alone"
        ) from error
    template = json.loads(body) if isinstance(body, str) else body
    return template, bool(described.get("EnableTerminationProtection"))


def _environment(stack: Stack) -> tuple[str | None, str | None]:
    """The account and the region of a stack, where the app names them."""
    account, _, region = stack.environment.removeprefix("aws://").partition("/")
    return (
        None if account in ("", "unknown-account", "None") else account,
        None if region in ("", "unknown-region") else region,
    )


def _check_account(session: Session, account: str, stack: str) -> None:
    own = session.client("sts").get_caller_identity()["Account"]
    if own != account:
        raise ReviewError(
            f"stack {stack} belongs to account {account}, and the credentials to {own}: set "
            "AWS_PROFILE to a profile of that account"
        )
