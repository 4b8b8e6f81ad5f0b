"""Optional settings of transform jobs: data processing, invocations, data capture, experiment.

Step Functions documents none of them for ``createTransformJob.sync``. If a stage sets one, its
workflow calls the SageMaker API and polls the job.
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
    """Which parts of a record to send and to keep, and whether to join outputs to inputs."""

    input_filter: str = "$"
    """JSONPath of the part of a record that is sent to the model."""

    output_filter: str = "$"
    """JSONPath of the part of a (joined) record that is written."""

    join_source: Literal["None", "Input"] = "None"
    """``Input``: an output line has its record and, under ``SageMakerOutput``, the prediction."""

    def __post_init__(self) -> None:
        """Refuse values that CreateTransformJob refuses."""
        for name in ("input_filter", "output_filter"):
            remedy = "use a JSONPath that begins with $, at most 63 characters"
            require(_PATH.fullmatch(getattr(self, name)) is not None, self, name, remedy)
        joins = self.join_source in ("None", "Input")
        require(joins, self, "join_source", "use 'None' or 'Input'")

    def member(self) -> Member:
        """The member of the CreateTransformJob request."""
        return {
            "InputFilter": self.input_filter,
            "OutputFilter": self.output_filter,
            "JoinSource": self.join_source,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Invocations:
    """How long SageMaker waits for the container's answer, and how often it retries a request."""

    timeout_seconds: int = 600
    max_retries: int = 3

    def __post_init__(self) -> None:
        """Refuse values that CreateTransformJob refuses."""
        within = 1 <= self.timeout_seconds <= 3600  # noqa: PLR2004
        require(within, self, "timeout_seconds", "use 1 to 3600 seconds")
        require(0 <= self.max_retries <= 3, self, "max_retries", "use 0 to 3")  # noqa: PLR2004

    def member(self) -> Member:
        """The member of the CreateTransformJob request."""
        return {
            "InvocationsTimeoutInSeconds": self.timeout_seconds,
            "InvocationsMaxRetries": self.max_retries,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class DataCapture:
    """Hourly lists of each job's inputs and outputs, for SageMaker Model Monitor."""

    folder: str = "captures"
    """Folder of the output bucket; don't use it as the output of a run."""

    inference_id: bool = False
    """Write an id and the time into each output record; CSV, JSON and JSON Lines only."""

    def __post_init__(self) -> None:
        """Refuse an invalid folder."""
        named = _FOLDER.fullmatch(self.folder) is not None
        require(named, self, "folder", "use letters, digits, . _ - and / between folders")

    def member(self, bucket: str) -> Member:
        """The member of the CreateTransformJob request, for an output bucket."""
        return {
            "DestinationS3Uri": f"s3://{bucket}/{self.folder}/",
            "GenerateInferenceId": self.inference_id,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Experiment:
    """An existing SageMaker experiment and trial that the jobs belong to."""

    name: str
    trial: str

    def __post_init__(self) -> None:
        """Refuse values that CreateTransformJob refuses."""
        for name in ("name", "trial"):
            remedy = "use letters, digits and hyphens, at most 120"
            fits = _EXPERIMENT_NAME.fullmatch(getattr(self, name)) is not None
            require(fits, self, name, remedy)

    def member(self) -> Member:
        """The member of the CreateTransformJob request."""
        return {"ExperimentName": self.name, "TrialName": self.trial}
