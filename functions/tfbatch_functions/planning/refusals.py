"""The errors with which the plan refuses an execution.

The name of a class is the name of the error in Step Functions. Its message is the cause.
"""

from __future__ import annotations


class Refusal(Exception):  # noqa: N818 (the names are those of the workflow's errors)
    """The request can't be run. The message names the field, its value and the remedy."""


class ArtifactChanged(Refusal):
    """The model in S3 is not the one that was synthesized."""


class EmptyInput(Refusal):
    """There are no input objects."""


class BadManifest(Refusal):
    """The user's manifest can't be read, or names an object that doesn't exist."""


class OutputInsideInput(Refusal):
    """The output folder is inside the input folder, so the next run would read the outputs."""


class ObjectTooLarge(Refusal):
    """An object is too large for a request of Batch Transform."""


class TooManyInstances(Refusal):
    """The request asks for more instances than the stage allows."""


class DeadlineImpossible(Refusal):
    """No number of instances that the stage allows meets the deadline."""


class BudgetExceeded(Refusal):
    """The estimate is above the budget, or there is no price for an estimate."""
