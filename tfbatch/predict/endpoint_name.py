"""Finds a stage's endpoint and its status."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfbatch.aws.deployed_outputs import stack_outputs
from tfbatch.terminal.problem import Problem

if TYPE_CHECKING:
    from tfbatch.aws.session import Session


def find(session: Session) -> str:
    """Return the name of a stage's endpoint.

    Raises:
        Problem: none is deployed.
    """
    try:
        return stack_outputs(session, "endpoint")["EndpointName"]
    except (Problem, KeyError):
        raise Problem(
            f"Stage {session.stage} has no endpoint in {session.where}: give it "
            "'endpoint=Endpoint()' in stacks/stages.py and run 'cdk deploy --all', or name an "
            "endpoint of another deployment with --endpoint."
        ) from None


def require_in_service(session: Session, name: str) -> None:
    """Check that an endpoint accepts requests.

    Raises:
        Problem: it doesn't exist, isn't in service yet, or failed; with the reason.
    """
    sagemaker = session.boto.client("sagemaker")
    try:
        found = sagemaker.describe_endpoint(EndpointName=name)
    except sagemaker.exceptions.ClientError as error:
        if "Could not find" not in str(error):
            raise
        raise Problem(
            f"There is no endpoint {name!r} in {session.where}: 'aws sagemaker list-endpoints' "
            "lists those there are."
        ) from None
    status = found["EndpointStatus"]
    if status in {"Creating", "SystemUpdating"}:
        raise Problem(
            f"Endpoint {name} is {status}: 'aws sagemaker wait endpoint-in-service "
            f"--endpoint-name {name}' waits until it answers."
        )
    if status not in {"InService", "Updating", "RollingBack"}:
        reason = found.get("FailureReason", "AWS gives no reason")
        raise Problem(f"Endpoint {name} is {status}: {reason}")
