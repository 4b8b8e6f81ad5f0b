"""Settings of a stage's protection: key, retention, access, network and alarms."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field

from tfbatch_cdk.errors import SettingsError, require

LOG_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557)
"""Retention periods that CloudWatch Logs accepts (PutRetentionPolicy), up to seven years."""

_PRINCIPAL = re.compile(r"arn:aws[\w-]*:(iam|sts)::\d{12}:(root|(role|user|assumed-role)/.+)")
_POLICY = re.compile(r"arn:aws[\w-]*:iam::(\d{12}|aws):policy/.+")
_KEY = re.compile(r"arn:aws[\w-]*:kms:[a-z0-9-]+:\d{12}:key/.+")
_NEEDED_ENDPOINTS = {"logs": "looks up why a job failed", "sagemaker.api": "stops jobs"}
MOST_ZONES = 4
_ZONE = re.compile(r"[a-z]{2,5}\d-az\d+|[a-z]{2}(-[a-z]+)+-\d[a-z]")
_SMALLEST_PREFIX, _LARGEST_PREFIX = 16, 24


@dataclass(frozen=True, kw_only=True, slots=True)
class Retention:
    """How many days data and logs are kept; ``None``: forever."""

    input_days: int | None = None
    """Objects of the input bucket."""

    output_days: int | None = None
    """Predictions."""

    work_days: int | None = 30
    """Working files of executions: manifests, plans and results of shards."""

    access_log_days: int | None = 365
    """Access logs of the buckets."""

    old_version_days: int = 90
    """Overwritten or deleted versions of objects."""

    log_days: int = 365
    """CloudWatch logs of the workflow, the functions and the network."""

    def __post_init__(self) -> None:
        """Refuse values that S3 or CloudWatch Logs refuses."""
        for name in ("input_days", "output_days", "work_days", "access_log_days"):
            days = getattr(self, name)
            require(days is None or days >= 1, self, name, "use 1 or more, or None")
        require(self.old_version_days >= 1, self, "old_version_days", "use 1 or more")
        known = self.log_days in LOG_DAYS
        require(known, self, "log_days", f"CloudWatch Logs keeps for one of {LOG_DAYS}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """Who may use a stage, besides its own services."""

    people: tuple[str, ...] = ()
    """ARNs of principals that may assume the operator and reviewer roles. Empty: every principal
    whose own policy allows ``sts:AssumeRole``."""

    permissions_boundary: str | None = None
    """ARN of a managed policy to set as the permissions boundary of every role."""

    further_keys: tuple[str, ...] = ()
    """ARNs of other keys that encrypt objects which jobs read: the key of a bucket in
    ``Stage.input_buckets``, or of the CDK's bootstrap bucket, which holds the artifact."""

    def __post_init__(self) -> None:
        """Refuse invalid ARNs, such as a ``*`` that would allow everyone."""
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
    """A VPC for jobs and functions that reaches AWS services and not the internet."""

    cidr: str = "10.0.0.0/20"
    """Its addresses, split between its zones. Each instance of a job uses two."""

    zones: tuple[str, ...] = ()
    """One to four availability zones, by id (``use1-az1``, the same zone in every account) or name
    (``us-east-1a``). Empty: the first two of the account. Not every zone has every GPU type and
    every endpoint service; ``tfbatch doctor`` checks. To change them later, change ``cidr`` too:
    a new VPC then replaces the old one, whose addresses are taken."""

    interface_endpoints: tuple[str, ...] = ("ecr.api", "ecr.dkr", "logs", "sagemaker.api")
    """Services to reach by PrivateLink, for about 7 USD per month, service and zone; S3 is reached
    free of charge. The function that stops jobs needs ``sagemaker.api``, and the one that looks up
    why an object has no prediction needs ``logs``. Isolated containers need no endpoint: SageMaker
    pulls their image and writes their log from outside the VPC."""

    vpc_id: str | None = None
    """An existing VPC to use instead of a new one; the stage adds only security groups to it. It
    must have endpoints for S3, ``logs`` and ``sagemaker.api``, or another way to them."""

    subnet_ids: tuple[str, ...] = ()
    """Private subnets of ``vpc_id``; only with ``vpc_id``."""

    def __post_init__(self) -> None:
        """Refuse values that make no working VPC."""
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
        for service, user in _NEEDED_ENDPOINTS.items():
            require(
                self.vpc_id is not None or service in self.interface_endpoints,
                self,
                "interface_endpoints",
                f"add {service!r}: the function that {user} has no other way to it",
            )
        known = all(map(_ZONE.fullmatch, self.zones)) and len(set(self.zones)) == len(self.zones)
        require(
            known and len(self.zones) <= MOST_ZONES and not (self.zones and self.vpc_id),
            self,
            "zones",
            f"use up to {MOST_ZONES} different zones such as 'use1-az1' or 'us-east-1a', and none "
            "with vpc_id",
        )
        require(
            bool(self.subnet_ids) is (self.vpc_id is not None),
            self,
            "subnet_ids",
            "name the private subnets of vpc_id, and none without it",
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Watch:
    """Thresholds of the alarms, which notify the stage's topic."""

    exception_percent: float = 1.0
    """A run has more than this percentage of inputs without a prediction."""

    stuck_hours: float = 12.0
    """A transform job runs for longer; ``Compute.max_hours`` stops it."""

    usd_per_run: float = 100.0
    """A run cost more."""

    expect_run_every_hours: float | None = None
    """No run started for this long. ``None``: the shortest ``rate`` schedule plus one hour, or 25
    hours for a ``cron`` schedule; without a schedule there is no such alarm."""

    def __post_init__(self) -> None:
        """Refuse thresholds that never or always fire."""
        percent = 0 <= self.exception_percent <= 100  # noqa: PLR2004
        require(percent, self, "exception_percent", "use 0 to 100")
        for name in ("stuck_hours", "usd_per_run"):
            require(getattr(self, name) > 0, self, name, "use more than 0")
        hours = self.expect_run_every_hours
        positive = hours is None or hours > 0
        require(positive, self, "expect_run_every_hours", "use more than 0, or None")


@dataclass(frozen=True, kw_only=True, slots=True)
class Protection:
    """The security and operations settings of a stage; the defaults are strict."""

    customer_key: bool = True
    """Encrypt objects, logs, notifications and the jobs' volumes with a key of the stage, rotated
    every year; ``False``: use the keys of the AWS services."""

    retention: Retention = field(default_factory=Retention)

    access: Access = field(default_factory=Access)

    network: Network | None = field(default_factory=Network)
    """``None``: jobs and functions run outside a VPC; isolated containers have no network."""

    watch: Watch | None = field(default_factory=Watch)
    """``None``: no alarms, no dashboard."""
