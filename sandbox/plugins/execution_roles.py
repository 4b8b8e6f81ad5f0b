"""The roles that SageMaker runs models as: their credentials, or why there are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.authorization.sessions import CannotAssumeError
from sandbox.plugins.errors import refusal

if TYPE_CHECKING:
    from sandbox.authorization.sessions import Credentials
    from sandbox.plugins.runtime import Runtime


def assume(runtime: Runtime, role_arn: str, *, source_arn: str = "") -> Credentials:
    """Credentials of a model's execution role.

    Args:
        runtime: of the sandbox.
        role_arn: the role.
        source_arn: the job, endpoint or model for which SageMaker takes it.

    Raises:
        ApiError: ``ValidationException``: there is no such role, or it does not trust SageMaker.
    """
    try:
        return runtime.sessions.assume(
            role_arn, service="sagemaker.amazonaws.com", name="SageMaker", source_arn=source_arn
        )
    except CannotAssumeError as error:
        raise refusal(
            f"Could not assume role {role_arn}. Please ensure that the role exists and allows "
            "principal 'sagemaker.amazonaws.com' to assume the role."
        ) from error
