"""The errors with which the plan refuses an execution.

A class's name is the error's name in Step Functions, its message the cause that a person reads.
"""

from __future__ import annotations


class Refusal(Exception):  # noqa: N818 (the names are those of the workflow's errors)
    """The request can't be run as it is; the message names the field, its value and the remedy."""


class ArtifactChanged(Refusal):
    """The model in S3 is not the one that was synthesized."""


class EmptyInput(Refusal):
    """There is nothing to transform."""


class BadManifest(Refusal):
    """The user's manifest can't be read, or names what is not there."""


class OutputInsideInput(Refusal):
    """Outputs would lie among the inputs, where the next run would take them for inputs."""


class ObjectTooLarge(Refusal):
    """An object fits no request that Batch Transform can send."""


class TooManyInstances(Refusal):
    """More instances than the stage admits."""


class DeadlineImpossible(Refusal):
    """No number of instances that the stage admits meets the deadline."""


class BudgetExceeded(Refusal):
    """The estimate passes the budget, or there is no price to make one with."""
