"""Settings of a stage, one deployment of the app: models, formats, compute and protection."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tfbatch_cdk.errors import require
from tfbatch_cdk.settings import instance_types
from tfbatch_cdk.settings.compute import Compute
from tfbatch_cdk.settings.container import Container
from tfbatch_cdk.settings.model import VARIABLE
from tfbatch_cdk.settings.protection import Protection

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfbatch_cdk.settings.endpoint import Endpoint
    from tfbatch_cdk.settings.format import Format
    from tfbatch_cdk.settings.job import DataCapture, Experiment, Invocations
    from tfbatch_cdk.settings.model import Model

_TAG = re.compile(r"(?!aws:)[\w .:/=+@-]{1,128}", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """One deployment: its models and formats, its instances, and its protection."""

    name: str
    """Part of the stacks' names: ``tfbatch-<name>-data`` and ``tfbatch-<name>-inference``."""

    models: tuple[Model, ...]
    """The models that an execution may choose from; the first is the default."""

    formats: Mapping[str, Format]
    """The formats that an execution may choose from, by name."""

    compute: Compute = field(default_factory=Compute)
    container: Container = field(default_factory=Container)

    endpoint: Endpoint | None = None
    """A real-time endpoint for one of the models, in a stack of its own; ``None``: no endpoint."""

    invocations: Invocations | None = None
    """Timeout and retries of a request; ``None``: 600 seconds and 3 retries."""

    capture: DataCapture | None = None
    """Lists of inputs and outputs for Model Monitor."""

    experiment: Experiment | None = None
    """The SageMaker experiment that the jobs belong to."""

    notify: tuple[str, ...] = ()
    """E-mail addresses to notify of each finished run; each must confirm its subscription."""

    schedules: Mapping[str, str] = field(default_factory=dict)
    """Scheduled runs: an EventBridge schedule expression, such as ``rate(1 day)`` or
    ``cron(0 3 * * ? *)``, -> the request to run, as JSON."""

    input_buckets: tuple[str, ...] = ()
    """Names of more buckets, in the same region, that executions may read."""

    request_variables: tuple[str, ...] = ()
    """Container variables that a request may set for its jobs, such as ``TFBATCH_TOP_K``."""

    protection: Protection = field(default_factory=Protection)
    """Key, retention, network, alarms and access; the defaults are strict."""

    tags: Mapping[str, str] = field(default_factory=dict)
    """Cost-allocation tags of every resource and job, in addition to ``tfbatch:stage``."""

    retain_data: bool = True
    """Keep the buckets when the stack is deleted; ``False`` empties and removes them."""

    account: str | None = None
    """The account to deploy to; ``None``: the default of the CDK command line."""

    region: str | None = None
    """The region to deploy to; ``None``: the default of the CDK command line."""

    def __post_init__(self) -> None:
        """Refuse invalid or duplicate names, and a stage without models or formats."""
        names = [model.name for model in self.models]
        require(
            re.fullmatch(r"[a-z][a-z0-9]{0,19}", self.name) is not None,
            self,
            "name",
            "use a short lower-case word, such as 'dev'",
        )
        require(bool(names), self, "models", "name at least one Model")
        require(len(set(names)) == len(names), self, "models", f"two have one name among {names}")
        require(bool(self.formats), self, "formats", "name at least one Format")
        require(
            all(map(VARIABLE.fullmatch, self.request_variables)),
            self,
            "request_variables",
            "use names of letters, digits and underscores",
        )
        require(
            all(map(_TAG.fullmatch, [*self.tags, *self.tags.values()])),
            self,
            "tags",
            "use at most 128 letters, digits, spaces and _.:/=+-@ for keys and values, not aws:…",
        )
        if self.endpoint is not None and self.endpoint.model is not None:
            one_of = f"use one of {', '.join(names)}"
            require(self.endpoint.model in names, self.endpoint, "model", one_of)
        if self.endpoint is not None:
            needs_arm = instance_types.is_arm(self.endpoint.instance_type)
            remedy = f"its processor is {'ARM' if needs_arm else 'x86'}: so must be the image's"
            has_arm = "arm64" in (self.container.image or self.container.tag)
            require(needs_arm is has_arm, self.endpoint, "instance_type", remedy)

    def all_tags(self) -> dict[str, str]:
        """The tags, with the stage's name; CloudFormation puts a stack's tags on its resources."""
        return {**self.tags, "tfbatch:stage": self.name}
