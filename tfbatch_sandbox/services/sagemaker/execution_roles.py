"""Assumes the execution roles of SageMaker models."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from tfbatch_sandbox.authorization.call import Call
from tfbatch_sandbox.authorization.sessions import CannotAssumeError
from tfbatch_sandbox.services.errors import refusal

if TYPE_CHECKING:
    from tfbatch_sandbox.authorization.network import Attachment
    from tfbatch_sandbox.authorization.sessions import Credentials
    from tfbatch_sandbox.services.runtime import Runtime

_ECR: Final = re.compile(r"(\d{12})\.dkr\.ecr\.([\w-]+)\.amazonaws\.com[.\w]*/([^:@]+)")
_PULL: Final = ("BatchCheckLayerAvailability", "GetDownloadUrlForLayer", "BatchGetImage")


def assume(
    runtime: Runtime,
    role_arn: str,
    *,
    source_arn: str = "",
    attachment: Attachment | None = None,
) -> Credentials:
    """Credentials of a model's execution role.

    Args:
        runtime: runtime of the sandbox.
        role_arn: the role.
        source_arn: the job, endpoint or model for which SageMaker assumes it.
        attachment: the VPC of the instances.

    Raises:
        ApiError: ``ValidationException``: the role doesn't exist or doesn't trust SageMaker.
    """
    try:
        return runtime.sessions.assume(
            role_arn,
            service="sagemaker.amazonaws.com",
            name="SageMaker",
            source_arn=source_arn,
            attachment=attachment,
        )
    except CannotAssumeError as error:
        raise refusal(
            f"Could not assume role {role_arn}. Please ensure that the role exists and allows "
            "principal 'sagemaker.amazonaws.com' to assume the role."
        ) from error


def pull_refusal(runtime: Runtime, role_arn: str, image: str) -> str | None:
    """Why a container would not start: its role may not pull the image.

    No image is pulled here, but the policies are checked.

    Returns:
        The FailureReason; ``None`` if it may, or if the image is not in ECR.
    """
    match = _ECR.match(image)
    if match is None:
        return None
    account, region, repository = match.groups()
    actor = runtime.sessions.actor(assume(runtime, role_arn).access_key)
    arn = f"arn:aws:ecr:{region}:{account}:repository/{repository}"
    asked = dict.fromkeys(_PULL, arn) | {"GetAuthorizationToken": "*"}
    for action, resource in asked.items():
        call = Call(action=f"ecr:{action}", resource=resource)
        if not runtime.guard.decide(actor, call).allowed:
            return (
                f"ClientError: The role '{role_arn}' does not have {action} permission for the "
                f"image: '{image}'."
            )
    return None
