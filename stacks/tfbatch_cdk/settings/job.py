"""What a transform job may be told beyond where its data lies: each a choice of the deployer's.

None of these is among the ten parameters that Step Functions documents for
``createTransformJob.sync``; a stage that sets one gets the workflow that calls the API itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from tfbatch_cdk.errors import require

_PATH = re.compile(r"\$[^\n]{0,62}")
_EXPERIMENT_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,119}")
_FOLDER = re.compile(r"[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*")

Member = dict[str, Any]
"""A member of a CreateTransformJob request."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DataProcessing:
    """Parts of a record to send and to keep, and whether outputs are joined to their inputs."""

    input_filter: str = "$"
    """JSONPath of what the model gets of each record."""

    output_filter: str = "$"
    """JSONPath of what is written of each (joined) record."""

    join_source: Literal["None", "Input"] = "None"
    """``Input``: each output line has its record and, under ``SageMakerOutput``, the answer."""

    def __post_init__(self) -> None:
        """Refuse what CreateTransformJob would refuse."""
        for name in ("input_filter", "output_filter"):
            remedy = "use a JSONPath that begins with $, at most 63 characters"
            require(_PATH.fullmatch(getattr(self, name)) is not None, self, name, remedy)
        joins = self.join_source in ("None", "Input")
        require(joins, self, "join_source", "use 'None' or 'Input'")

    def member(self) -> Member:
        """In the words of CreateTransformJob."""
        return {
            "InputFilter": self.input_filter,
            "OutputFilter": self.output_filter,
            "JoinSource": self.join_source,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Invocations:
    """How long SageMaker waits for an answer of the container, and how often it asks again."""

    timeout_seconds: int = 600
    max_retries: int = 3

    def __post_init__(self) -> None:
        """Refuse what CreateTransformJob would refuse."""
        within = 1 <= self.timeout_seconds <= 3600  # noqa: PLR2004
        require(within, self, "timeout_seconds", "use 1 to 3600 seconds")
        require(0 <= self.max_retries <= 3, self, "max_retries", "use 0 to 3")  # noqa: PLR2004

    def member(self) -> Member:
        """In the words of CreateTransformJob."""
        return {
            "InvocationsTimeoutInSeconds": self.timeout_seconds,
            "InvocationsMaxRetries": self.max_retries,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class DataCapture:
    """Lists of each job's inputs and outputs, by the hour, for SageMaker's Model Monitor."""

    folder: str = "captures"
    """Of the output bucket; no run's output may lie in it."""

    inference_id: bool = False
    """Write an id and the time into each output record; CSV, JSON and JSON Lines only."""

    def __post_init__(self) -> None:
        """Refuse what makes no folder."""
        named = _FOLDER.fullmatch(self.folder) is not None
        require(named, self, "folder", "use letters, digits, . _ - and / between folders")

    def member(self, bucket: str) -> Member:
        """In the words of CreateTransformJob, into a bucket."""
        return {
            "DestinationS3Uri": f"s3://{bucket}/{self.folder}/",
            "GenerateInferenceId": self.inference_id,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Experiment:
    """The SageMaker experiment and trial, made before, that the jobs belong to."""

    name: str
    trial: str

    def __post_init__(self) -> None:
        """Refuse what CreateTransformJob would refuse."""
        for name in ("name", "trial"):
            remedy = "use letters, digits and hyphens, at most 120"
            fits = _EXPERIMENT_NAME.fullmatch(getattr(self, name)) is not None
            require(fits, self, name, remedy)

    def member(self) -> Member:
        """In the words of CreateTransformJob."""
        return {"ExperimentName": self.name, "TrialName": self.trial}
