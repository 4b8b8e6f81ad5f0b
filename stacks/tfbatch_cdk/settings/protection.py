"""What protects a stage: its key, its retention, its network, its watch; checked where made."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field

from tfbatch_cdk.errors import SettingsError, require

LOG_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557)
"""The retentions of CloudWatch Logs (PutRetentionPolicy), as far as seven years."""

_PRINCIPAL = re.compile(r"arn:aws[\w-]*:(iam|sts)::\d{12}:(root|(role|user|assumed-role)/.+)")
_POLICY = re.compile(r"arn:aws[\w-]*:iam::(\d{12}|aws):policy/.+")
_KEY = re.compile(r"arn:aws[\w-]*:kms:[a-z0-9-]+:\d{12}:key/.+")
_SMALLEST_PREFIX, _LARGEST_PREFIX = 16, 24


@dataclass(frozen=True, kw_only=True, slots=True)
class Retention:
    """How many days things are kept; ``None`` is for ever."""

    input_days: int | None = None
    """Objects of the input bucket."""

    output_days: int | None = None
    """Predictions."""

    work_days: int | None = 30
    """Manifests, plans and results of the shards: what an execution left behind."""

    access_log_days: int | None = 365
    """Records of who read and wrote the buckets."""

    old_version_days: int = 90
    """Versions of an object that were overwritten or deleted."""

    log_days: int = 365
    """CloudWatch logs of the workflow, the functions and the network."""

    def __post_init__(self) -> None:
        """Refuse what S3 or CloudWatch Logs would refuse."""
        for name in ("input_days", "output_days", "work_days", "access_log_days"):
            days = getattr(self, name)
            require(days is None or days >= 1, self, name, "use 1 or more, or None")
        require(self.old_version_days >= 1, self, "old_version_days", "use 1 or more")
        known = self.log_days in LOG_DAYS
        require(known, self, "log_days", f"CloudWatch Logs keeps for one of {LOG_DAYS}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """Who may take a part in a stage, beside its own services."""

    people: tuple[str, ...] = ()
    """ARNs of the principals that may take the operator's and the reviewer's role. None: whoever
    the account's own administrators allow ``sts:AssumeRole``."""

    permissions_boundary: str | None = None
    """ARN of a managed policy that bounds every role of the stage."""

    further_keys: tuple[str, ...] = ()
    """ARNs of keys that others have encrypted objects with which the jobs read: the key of a bucket
    of ``Stage.input_buckets``, or of the CDK's bootstrap bucket, where the artifact lies."""

    def __post_init__(self) -> None:
        """Refuse what is no ARN of its kind: a typing error must not become an open door."""
        require(
            all(map(_PRINCIPAL.fullmatch, self.people)),
            self,
            "people",
            "use ARNs of IAM roles or users, such as arn:aws:iam::111122223333:role/ops",
        )
        boundary = self.permissions_boundary
        require(
            boundary is None or _POLICY.fullmatch(boundary) is not None,
            self,
            "permissions_boundary",
            "use an ARN such as arn:aws:iam::111122223333:policy/boundary",
        )
        require(
            all(map(_KEY.fullmatch, self.further_keys)),
            self,
            "further_keys",
            "use ARNs such as arn:aws:kms:eu-west-1:111122223333:key/1234abcd-…, not aliases",
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Network:
    """A VPC for jobs and functions, with a way to AWS's own services and none to the internet."""

    cidr: str = "10.0.0.0/20"
    """Its addresses, half to each of two zones. Each instance of a job takes two."""

    interface_endpoints: tuple[str, ...] = ("ecr.api", "ecr.dkr", "logs", "sagemaker.api")
    """Services reached by PrivateLink, at some 7 USD a month for each in each zone; S3 is reached
    besides, for nothing. ``sagemaker.api`` is for the function that stops jobs. Isolated containers
    need no other: SageMaker pulls their image and writes their log from outside the VPC."""

    vpc_id: str | None = None
    """A VPC that is there, in place of one of the stage's own; nothing but security groups is put
    into it. It must have endpoints for S3 and ``sagemaker.api``."""

    subnet_ids: tuple[str, ...] = ()
    """Its private subnets to use; only with ``vpc_id``."""

    def __post_init__(self) -> None:
        """Refuse what no VPC can be made of."""
        try:
            prefix = ipaddress.ip_network(self.cidr).prefixlen
        except ValueError as error:
            raise SettingsError(f"Network.cidr = {self.cidr!r}: {error}") from error
        require(
            _SMALLEST_PREFIX <= prefix <= _LARGEST_PREFIX,
            self,
            "cidr",
            f"use /{_SMALLEST_PREFIX} to /{_LARGEST_PREFIX}: a VPC takes no more, jobs no less",
        )
        require(
            self.vpc_id is not None or "sagemaker.api" in self.interface_endpoints,
            self,
            "interface_endpoints",
            "add 'sagemaker.api': the function that stops jobs has no other way to it",
        )
        require(
            bool(self.subnet_ids) is (self.vpc_id is not None),
            self,
            "subnet_ids",
            "name the private subnets of vpc_id, and none without it",
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Watch:
    """When somebody is told, by the stage's one topic."""

    exception_percent: float = 1.0
    """A run with a larger share of its inputs without a prediction."""

    stuck_hours: float = 12.0
    """A transform job that runs for longer; ``Compute.max_hours`` then stops it."""

    usd_per_run: float = 100.0
    """A run that cost more."""

    expect_run_every_hours: float | None = None
    """No run began for this long. None: as the stage's schedules tell, where they are a ``rate``;
    25 hours for a ``cron``; without a schedule there is no such alarm."""

    def __post_init__(self) -> None:
        """Refuse thresholds that would never or always be passed."""
        percent = 0 <= self.exception_percent <= 100  # noqa: PLR2004
        require(percent, self, "exception_percent", "use 0 to 100")
        for name in ("stuck_hours", "usd_per_run"):
            require(getattr(self, name) > 0, self, name, "use more than 0")
        hours = self.expect_run_every_hours
        positive = hours is None or hours > 0
        require(positive, self, "expect_run_every_hours", "use more than 0, or None")


@dataclass(frozen=True, kw_only=True, slots=True)
class Protection:
    """All that a security and an operations team may choose; the defaults are the strict ones."""

    customer_key: bool = True
    """Encrypt objects, logs, notifications and the jobs' volumes with a key of the stage's own,
    rotated each year; ``False`` leaves it to the services' own keys."""

    retention: Retention = field(default_factory=Retention)

    access: Access = field(default_factory=Access)

    network: Network | None = field(default_factory=Network)
    """``None``: jobs and functions run in networks of AWS's; isolated containers have none."""

    watch: Watch | None = field(default_factory=Watch)
    """``None``: no alarms, no dashboard."""
