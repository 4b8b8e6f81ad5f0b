"""Every choice a deployer has: typed, and checked where it is made; ``stages.py`` makes them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tfbatch_cdk.errors import SettingsError
from tfbatch_cdk.errors import require as _require
from tfbatch_cdk.settings.protection import Protection
from tfbatch_handler import environment, variable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfbatch_cdk.settings.job import (
        DataCapture,
        DataProcessing,
        Experiment,
        Invocations,
    )

REPOSITORY = Path(__file__).resolve().parents[3]

MAX_PAYLOAD_TIMES_CONCURRENCY_MB = 100
"""CreateTransformJob refuses more (MaxConcurrentTransforms x MaxPayloadInMB)."""

_VARIABLE = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]{0,1023}")
_MAX_VARIABLE = 1024
"""What CreateModel admits as the container's environment."""

AUTO = "auto"
_PROCESSED = (
    ("text/csv", "Line", "text/csv"),
    ("application/jsonlines", "Line", "application/jsonlines"),
    ("application/json", "Line", "application/json"),
)
"""ContentType, SplitType and Accept with which DataProcessing is admitted, outputs being lines."""
_MODEL_NAME = re.compile(r"[a-z0-9](-*[a-z0-9]){0,39}")
_TAG = re.compile(r"(?!aws:)[\w .:/=+@-]{1,128}", re.IGNORECASE)
_INSTANCE_TYPE = re.compile(r"(p2|p3|g4dn|g5|g6|g6e|c[4567]\w*|m[4567]\w*|r[5678]\w*)\.\w+")
"""The instance families of CreateTransformJob that this app's images run on."""

_GPU = re.compile(r"(p3|p4de?|p5e?n?|g4dn|g5|g6e?)\.\w+")
_HOSTING_TYPE = re.compile(rf"({_GPU.pattern}|(c|m|r)[4567]\w*\.\w+)")
"""The instance families of endpoints that this app's images run on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Model:
    """A SavedModel to serve, and what its handler writes for each record."""

    name: str
    """How an execution names it: lower-case letters, digits and hyphens."""

    directory: Path
    """Holds ``<version>/saved_model.pb`` and, where there are class names, ``labels.txt``."""

    handler: environment.Settings = field(default_factory=environment.Settings)
    """How records are read and answered; every choice is described there."""

    requirements: Path | None = REPOSITORY / "requirements" / "handler.lock"
    """The handler's packages, with versions and hashes (``make lock`` writes them): unpacked to
    ``code/lib`` at synthesis, for the container's Python. ``None``: none."""

    environment: Mapping[str, str] = field(default_factory=dict)
    """Further variables of the container, such as ``SAGEMAKER_TFS_ENABLE_BATCHING``; they win over
    what is derived from the other settings."""

    def __post_init__(self) -> None:
        """Refuse what CreateModel or the handler would refuse."""
        _require(
            _MODEL_NAME.fullmatch(self.name) is not None,
            self,
            "name",
            "use lower-case letters, digits and single hyphens, at most 40 characters",
        )
        for name, value in self.variables().items():
            _require(
                _VARIABLE.fullmatch(name) is not None and len(value) <= _MAX_VARIABLE,
                self,
                "environment",
                f"CreateModel admits names of letters, digits and underscores, and values of at "
                f"most {_MAX_VARIABLE} characters; {name} has {len(value)}",
            )
        try:
            environment.Settings.parse(self.variables())
        except variable.SettingError as error:
            raise SettingsError(f"Model.environment: {error}") from error

    def variables(self) -> dict[str, str]:
        """The container's variables: the handler's, then the deployer's own."""
        return self.handler.variables() | dict(self.environment)


@dataclass(frozen=True, kw_only=True, slots=True)
class Format:
    """How Batch Transform reads the objects of one format and sends them to the container."""

    content_type: str
    """The ``Content-Type`` of every request, by which the handler picks its decoder."""

    split_type: Literal["None", "Line", "RecordIO", "TFRecord"] = "None"
    """What separates the records of an object; ``None``: an object is one record."""

    batch_strategy: Literal["SingleRecord", "MultiRecord"] = "SingleRecord"
    """One record a request, or as many as fit the payload."""

    max_payload_mb: int = 6
    """The largest request body, in MB; at least the largest record. An object beyond it fails."""

    max_concurrent_transforms: int = 16
    """Requests in flight on each instance. The TensorFlow Serving container answers no
    ``/execution-parameters``, so that without a value there would be one at a time."""

    accept: str | None = None
    """The ``Accept`` of every request, where the handler is to answer otherwise than in JSON."""

    processing: DataProcessing | None = None
    """Filters, and joining outputs to inputs: CSV, JSON and JSON Lines only."""

    def __post_init__(self) -> None:
        """Refuse what CreateTransformJob would refuse."""
        _require(
            1 <= self.max_payload_mb <= MAX_PAYLOAD_TIMES_CONCURRENCY_MB,
            self,
            "max_payload_mb",
            "use 1 to 100 MB (0, chunked encoding, isn't served by TensorFlow Serving)",
        )
        _require(
            self.max_concurrent_transforms >= 1,
            self,
            "max_concurrent_transforms",
            "use 1 or more",
        )
        product = self.max_concurrent_transforms * self.max_payload_mb
        _require(
            product <= MAX_PAYLOAD_TIMES_CONCURRENCY_MB,
            self,
            "max_concurrent_transforms",
            f"times max_payload_mb = {self.max_payload_mb} is {product} MB, and SageMaker admits "
            f"{MAX_PAYLOAD_TIMES_CONCURRENCY_MB} MB: use at most "
            f"{MAX_PAYLOAD_TIMES_CONCURRENCY_MB // self.max_payload_mb}, or a smaller payload",
        )
        _require(
            self.processing is None
            or (self.content_type, self.split_type, self.accept) in _PROCESSED,
            self,
            "processing",
            "it takes split_type 'Line', and content_type and accept that are both 'text/csv', "
            "'application/jsonlines' or 'application/json'",
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Compute:
    """The GPU fleet a transform job asks for."""

    instance_types: tuple[str, ...] = ("g4dn.xlarge", "g5.xlarge")
    """Tried in this order when capacity or quota is short, without the ``ml.`` prefix. Batch
    Transform has no p4, p5 and no g7."""

    instances: int = 1
    """Instances of a job whose execution doesn't say; one object is never shared by two."""

    max_instances: int = 4
    """The most an execution may ask for, and the most a deadline may lead to."""

    max_hours: int = 24
    """A job still running then is stopped: Batch Transform itself has no such limit."""

    patience_minutes: float = 15
    """How long a job may go without an answer to DescribeTransformJob before it is stopped, and how
    long it may take to stop."""

    max_jobs: int = 4
    """Transform jobs that one execution runs at a time, a shard each."""

    objects_per_shard: int = 50_000
    """The most objects of one transform job. Each job starts its own instances, which takes
    minutes: a shard should keep them busy for much longer."""

    gigabytes_per_shard: int = 50
    """The most bytes of one transform job, in GB (10^9)."""

    rounds: int = 3
    """How often what has no output is tried: the last time record by record, one at a time."""

    capacity_wait_minutes: int = 10
    """How long to wait when no instance type has capacity."""

    capacity_tries: int = 6
    """How often the whole list of instance types is tried before a shard is given up."""

    records_per_second: float | None = None
    """What one instance does, for estimates; as measured for this model on the first instance type.
    ``None``: what the tuner or the last run measured, else AWS's article."""

    usd_per_hour: Mapping[str, float] = field(default_factory=dict)
    """Prices in place of those in ``stacks/tfbatch_cdk/settings/prices.json``, by instance type."""

    def __post_init__(self) -> None:
        """Refuse what CreateTransformJob would refuse."""
        _require(
            bool(self.instance_types) and all(map(_INSTANCE_TYPE.fullmatch, self.instance_types)),
            self,
            "instance_types",
            "use types that Batch Transform has, such as 'g4dn.xlarge', 'g5.2xlarge', 'g6.xlarge' "
            "or 'p3.2xlarge', without 'ml.'",
        )
        _require(1 <= self.max_instances <= 100, self, "max_instances", "use 1 to 100")  # noqa: PLR2004
        _require(
            1 <= self.instances <= self.max_instances,
            self,
            "instances",
            f"use 1 to max_instances = {self.max_instances}",
        )
        _require(1 <= self.max_hours <= 24 * 30, self, "max_hours", "use 1 to 720 hours")
        _require(self.patience_minutes > 0, self, "patience_minutes", "use more than 0")
        _require(1 <= self.max_jobs <= 1000, self, "max_jobs", "use 1 to 1000")  # noqa: PLR2004
        for name in ("objects_per_shard", "gigabytes_per_shard", "rounds", "capacity_tries"):
            _require(getattr(self, name) >= 1, self, name, "use 1 or more")
        _require(self.capacity_wait_minutes >= 0, self, "capacity_wait_minutes", "use 0 or more")
        measured = self.records_per_second is None or self.records_per_second > 0
        _require(measured, self, "records_per_second", "use a measured rate, or None")


@dataclass(frozen=True, kw_only=True, slots=True)
class Container:
    """The AWS Deep Learning Container with TensorFlow Serving in it."""

    tag: str = "2.20.0-gpu-py312-cu129-amzn2023-sagemaker"
    """The image's tag in ``tensorflow-inference``, in the region's own registry."""

    image: str | None = None
    """A whole image URI in place of that one: a mirror, a digest, an image of your own."""

    python: str | None = None
    """The Python that runs the handler in the image, such as ``3.12``; told by the image's tag
    (``…-py312-…``) where it is ``None``."""

    ami_version: str | None = AUTO
    """Of the host (``TransformAmiVersion``), which decides NVIDIA's driver. ``auto``: the one that
    the image's CUDA needs, as far as its tag tells; ``None``: SageMaker's default, with driver 470,
    on which CUDA 12 finds no GPU."""

    network_isolation: bool = True
    """No network and no credentials inside the container. Nothing is installed at its start."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint:
    """One of a stage's models in real time. Its instances cost by the hour, asked or not."""

    model: str | None = None
    """Which of the stage's models answers; the first when ``None``."""

    instance_type: str = "g4dn.xlarge"
    """Without the ``ml.`` prefix."""

    min_instances: int = 1
    """Instances that always stand; two are in two availability zones."""

    max_instances: int = 4
    """The most that autoscaling starts."""

    invocations_per_minute: int = 3000
    """Requests a minute to each instance: above it autoscaling starts more, well below it stops
    some. Some 70 % of what an instance bears; the default is that of AWS's article's rate."""

    scale_out_seconds: int = 60
    """How long autoscaling waits after it has started instances before it starts more."""

    scale_in_seconds: int = 600
    """How long it waits after it has stopped some before it stops more."""

    latency_alarm_ms: int = 2000
    """The alarm sounds when a tenth of the requests takes the container longer than this, in ms."""

    ami: str | None = "al2-ami-sagemaker-inference-gpu-2"
    """The instance's system: this one has NVIDIA's driver 535, which images for CUDA 12 need and
    g4dn and g5 lack without it. ``None``, or an instance without a GPU: SageMaker's own choice."""

    def __post_init__(self) -> None:
        """Refuse what CreateEndpointConfig or RegisterScalableTarget would refuse."""
        _require(
            _HOSTING_TYPE.fullmatch(self.instance_type) is not None,
            self,
            "instance_type",
            "use a type that endpoints have, such as 'g4dn.xlarge' or 'c7i.xlarge', without 'ml.'",
        )
        _require(self.min_instances >= 1, self, "min_instances", "use 1 or more")
        _require(
            self.max_instances >= self.min_instances,
            self,
            "max_instances",
            f"use min_instances = {self.min_instances} or more",
        )
        for name in ("invocations_per_minute", "latency_alarm_ms"):
            _require(getattr(self, name) >= 1, self, name, "use 1 or more")
        for name in ("scale_out_seconds", "scale_in_seconds"):
            _require(0 <= getattr(self, name) <= 3600, self, name, "use 0 to 3600 seconds")  # noqa: PLR2004

    @property
    def system(self) -> str | None:
        """The instance's system, which only instances with a GPU have a choice of."""
        return self.ami if _GPU.fullmatch(self.instance_type) else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """One deployment: what is served, on what, and how it is protected."""

    name: str
    """Part of the stacks' names: ``tfbatch-<name>-data`` and ``tfbatch-<name>-inference``."""

    models: tuple[Model, ...]
    """What an execution may choose from; the first is the one it gets when it doesn't say."""

    formats: Mapping[str, Format]
    """What an execution may name as ``format``."""

    compute: Compute = field(default_factory=Compute)
    container: Container = field(default_factory=Container)

    endpoint: Endpoint | None = None
    """A model of the stage behind a real-time endpoint, in a stack of its own; ``None``: none."""

    invocations: Invocations | None = None
    """How long a request may take, and how often it is sent again; else 600 s and 3 times."""

    capture: DataCapture | None = None
    """Lists of inputs and outputs for Model Monitor."""

    experiment: Experiment | None = None
    """The SageMaker experiment that the jobs belong to."""

    notify: tuple[str, ...] = ()
    """E-mail addresses that are told of each finished run; each must confirm once."""

    schedules: Mapping[str, str] = field(default_factory=dict)
    """Runs by the clock: an EventBridge schedule expression, such as ``rate(1 day)`` or
    ``cron(0 3 * * ? *)``, -> the request to run, as JSON."""

    input_buckets: tuple[str, ...] = ()
    """Names of further buckets, of the same region, whose objects may be transformed."""

    protection: Protection = field(default_factory=Protection)
    """Its key, retention, network, alarms, and who may do what; strict unless it says otherwise."""

    tags: Mapping[str, str] = field(default_factory=dict)
    """Cost-allocation tags of every resource and job, beside ``tfbatch:stage``."""

    retain_data: bool = True
    """Keep the buckets when the stack is deleted; ``False`` empties and removes them."""

    account: str | None = None
    """The account to deploy to; the command line's own when ``None``."""

    region: str | None = None
    """The region to deploy to; the command line's own when ``None``."""

    def __post_init__(self) -> None:
        """Refuse names that clash and stages that can do nothing."""
        names = [model.name for model in self.models]
        _require(
            re.fullmatch(r"[a-z][a-z0-9]{0,19}", self.name) is not None,
            self,
            "name",
            "use a short lower-case word, such as 'dev'",
        )
        _require(bool(names), self, "models", "name at least one Model")
        _require(len(set(names)) == len(names), self, "models", f"two have one name among {names}")
        _require(bool(self.formats), self, "formats", "name at least one Format")
        _require(
            all(map(_TAG.fullmatch, [*self.tags, *self.tags.values()])),
            self,
            "tags",
            "use at most 128 letters, digits, spaces and _.:/=+-@ for keys and values, not aws:…",
        )
        if self.endpoint is not None and self.endpoint.model is not None:
            one_of = f"use one of {', '.join(names)}"
            _require(self.endpoint.model in names, self.endpoint, "model", one_of)
