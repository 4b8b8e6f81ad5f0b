"""Runs all checks in order, and skips those whose requirement failed."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tfbatch.aws.calls import Call
from tfbatch.aws.deployed_outputs import stack_name, stack_outputs
from tfbatch.doctor import account, deployment, image, quotas, zones
from tfbatch.doctor.check import Check, guarded
from tfbatch.terminal.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tfbatch.aws.session import Session
    from tfbatch_cdk.settings import Stage

_LOCAL = {"localhost", "127.0.0.1"}


def examine(session: Session, stage: Stage) -> Iterator[Check]:
    """Check everything that a run of the stage needs."""
    boto = session.boto
    who = account.credentials(boto, stage)
    yield who
    if who.status == "failed":
        return
    yield from guarded("bootstrap", lambda: account.bootstrap(boto))
    yield from guarded("stacks", lambda: deployment.stacks(session, stage))
    yield from guarded("settings", lambda: _settings(session, stage))
    if is_sandbox(boto.client("sts").meta.endpoint_url):
        for name in ("quotas", "image", "zones"):
            yield Check(name=name, status="skipped", found="The sandbox needs none")
        return
    yield from guarded("quotas", lambda: quotas.quotas(boto, stage.compute))
    yield from guarded("image", lambda: image.image(boto, stage.container))
    network = stage.protection.network
    if network is not None and network.vpc_id is None:
        yield from guarded("zones", lambda: zones.zones(boto, network, stage.compute))


def calls(session: Session, stage: Stage) -> Iterator[Call]:
    """The calls to AWS, as far as they are known before."""
    yield Call("sts", "get_caller_identity")
    yield Call("ssm", "get_parameter", {"Name": account.BOOTSTRAP})
    for kind in deployment.kinds(stage):
        yield Call("cloudformation", "describe_stacks", {"StackName": stack_name(session, kind)})
    yield Call("service-quotas", "list_service_quotas", {"ServiceCode": "sagemaker"})
    if stage.protection.network is not None:
        yield Call("ec2", "describe_availability_zones")
        yield Call("ec2", "describe_instance_type_offerings")
        yield Call("ec2", "describe_vpc_endpoint_services")


def is_sandbox(endpoint: str) -> bool:
    """Whether an endpoint is on this machine."""
    return urlsplit(endpoint).hostname in _LOCAL


def _settings(session: Session, stage: Stage) -> Iterator[Check]:
    try:
        state_machine = stack_outputs(session, "inference").get("StateMachineArn")
    except Problem:  # the check of the stacks has reported it
        return
    if state_machine:
        yield from deployment.settings(session, stage, state_machine)
