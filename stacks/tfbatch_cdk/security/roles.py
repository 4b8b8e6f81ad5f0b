"""IAM roles that a company makes elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aws_cdk import aws_iam as iam


@dataclass(frozen=True, kw_only=True, slots=True)
class Roles:
    """A role for each actor that exists; ``None``: the construct makes it, with least privilege.

    What an actor needs is granted to its role: as inline policies of a role that the app owns or
    imports as mutable, and not at all for ``iam.Role.from_role_arn(…, mutable=False)``, whose owner
    grants it. The service in parentheses must be allowed to assume the role.
    """

    plan: iam.IRole | None = None
    """Lists a run's input and cuts it into shards (``lambda.amazonaws.com``)."""
    reconcile: iam.IRole | None = None
    """Looks which inputs of a shard have an output (``lambda.amazonaws.com``)."""
    summarize: iam.IRole | None = None
    """Writes the summary of a run (``lambda.amazonaws.com``)."""
    stop: iam.IRole | None = None
    """Stops the jobs of a run that failed (``lambda.amazonaws.com``)."""
    workflow: iam.IRole | None = None
    """Runs jobs and functions (``states.amazonaws.com``)."""
    model: iam.IRole | None = None
    """The containers of all models (``sagemaker.amazonaws.com``)."""
    triggers: iam.IRole | None = None
    """Starts runs (``events.amazonaws.com`` and ``scheduler.amazonaws.com``)."""
    job_age: iam.IRole | None = None
    """Measures the age of running jobs (``states.amazonaws.com``)."""
    job_age_clock: iam.IRole | None = None
    """Starts that measurement (``events.amazonaws.com``)."""
    model_cleanup: iam.IRole | None = None
    """Deletes replaced SageMaker Models that no run uses (``states.amazonaws.com``)."""
    model_cleanup_clock: iam.IRole | None = None
    """Starts that deletion (``events.amazonaws.com``)."""

    def any_given(self) -> bool:
        """Whether the account's roles are made elsewhere, at least in part."""
        return any(getattr(self, name) is not None for name in self.__slots__)
