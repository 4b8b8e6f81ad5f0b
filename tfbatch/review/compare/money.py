"""Compares costs: for a number of records, and for each month."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tfbatch.review.finding import Finding, Section, Severity
from tfbatch_cdk.settings.prices import table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tfbatch.review.compare.identity import Pairs
    from tfbatch.review.finding import Row
    from tfbatch.review.sides.assembly import Stage

_REGION = "us-east-1"


def as_of() -> str:
    """When the table of hourly prices was read."""
    return table()[_REGION]["read"]


def hourly(kind: str) -> float | None:
    """USD for an hour of a SageMaker instance, by its type without ``ml.``."""
    return table()[_REGION]["usd_per_hour"].get(kind)


MONTHLY = {
    "AWS::KMS::Key": 1.00,
    "AWS::CloudWatch::Alarm": 0.10,
    "AWS::CloudWatch::Dashboard": 3.00,
    "AWS::SecretsManager::Secret": 0.40,
    "AWS::EC2::NatGateway": 32.85,
    "AWS::EC2::VPCEndpoint": 7.30,
}
"""USD a month of 730 hours, without use; an interface endpoint in one zone."""

HOURS_IN_A_MONTH = 730


_MUCH = 1.2
"""A price that grows by more than this factor needs attention."""
_SMALL, _LARGE = 100_000, 1_000_000
_RATE = 70.0
"""Records a second of one instance, if a stage doesn't give it: AWS's article, 100,000 photos with
ResNet-50 in 12 minutes on two ml.p3.2xlarge."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """What a stage costs."""

    hourly: Mapping[str, float | None]
    """USD an hour of one instance by type, the first choice first; ``None`` if unknown."""
    instances: int
    """Instances of a job."""
    rate: float
    """Records a second of one instance."""
    monthly: float
    """USD a month without runs."""

    @property
    def first(self) -> str:
        """The first instance type."""
        return next(iter(self.hourly))

    def of(self, records: int, kind: str | None = None) -> float | None:
        """USD for this number of records on an instance type, by default the first."""
        hourly = self.hourly.get(kind or self.first)
        return None if hourly is None else records / self.rate / 3600 * hourly


def cost_of(stage: Stage) -> Cost | None:
    """The cost from a stage's settings and resources; ``None`` without an instance type."""
    compute = stage.settings.get("compute", {})
    kinds = compute.get("instance_types") or [compute.get("instance_type")]
    if not kinds or kinds[0] is None:
        return None
    own = compute.get("usd_per_hour") or {}
    return Cost(
        hourly={kind: own.get(kind, hourly(kind)) for kind in kinds},
        instances=int(compute.get("instances") or 1),
        rate=float(compute.get("records_per_second") or _RATE),
        monthly=sum(_monthly(one.kind, stage.properties(one)) for one in stage.resources.values()),
    )


def delta(base: Stage, head: Stage) -> float:
    """USD that 100,000 records cost more after the change; negative if less."""
    before, after = cost_of(base), cost_of(head)
    if before is None or after is None:
        return 0.0
    return (after.of(_SMALL) or 0.0) - (before.of(_SMALL) or 0.0)


def findings(pairs: Pairs) -> Iterator[Finding]:
    """Before and after, side by side; one line if nothing changes."""
    before, after = cost_of(pairs.base), cost_of(pairs.head)
    if before is None or after is None:
        return
    if before == after:
        yield Finding(
            section=Section.MONEY,
            rule="cost-unchanged",
            title=f"Unchanged: {_shown(after.of(_SMALL))} for 100,000 records on ml.{after.first}, "
            f"{_usd(after.monthly)} a month while nothing runs",
        )
        return
    dearer = (after.of(_SMALL) or 0) > _MUCH * (before.of(_SMALL) or 0)
    yield Finding(
        section=Section.MONEY,
        rule="cost-up" if dearer else "cost-changed",
        severity=Severity.ATTENTION if dearer else Severity.FINE,
        title=_title(before, after),
        why=_assumed(after),
        rows=tuple(_rows(before, after)),
    )


def _title(before: Cost, after: Cost) -> str:
    old, new = _shown(before.of(_SMALL)), _shown(after.of(_SMALL))
    return f"{new if old == new else f'{old} → {new}'} for 100,000 records" + (
        ", as before; other figures changed" if old == new else ""
    )


def _assumed(cost: Cost) -> str:
    return (
        f"Assumed: {cost.rate:g} records a second on each instance, of whatever type "
        "(`Compute.records_per_second`), the minutes that an instance takes to start left out. "
        f"Prices of US East (N. Virginia), on demand, read {as_of()}."
    )


def _rows(before: Cost, after: Cost) -> Iterator[Row]:
    yield "tried first", f"ml.{before.first}", f"ml.{after.first}"
    yield "instances of a job", str(before.instances), str(after.instances)
    for records in (_SMALL, _LARGE):
        for kind in dict.fromkeys([*before.hourly, *after.hourly]):
            name = f"{records:,} records on ml.{kind}"
            yield name, _of(before, records, kind), _of(after, records, kind)
    yield "each month, nothing run", _usd(before.monthly), _usd(after.monthly)


def _of(cost: Cost, records: int, kind: str) -> str:
    return _shown(cost.of(records, kind)) if kind in cost.hourly else "—"


def _shown(amount: float | None) -> str:
    return "price not known" if amount is None else _usd(amount)


def _usd(amount: float) -> str:
    return f"{amount:,.2f} USD"


def _monthly(kind: str, properties: Mapping[str, Any]) -> float:
    """USD that a resource costs each month without use."""
    if kind == "AWS::SageMaker::EndpointConfig":
        return sum(_endpoint(variant) for variant in properties.get("ProductionVariants", []))
    if kind == "AWS::EC2::VPCEndpoint" and properties.get("VpcEndpointType") != "Interface":
        return 0.0
    zones = len(properties.get("SubnetIds", [])) or 1
    return MONTHLY.get(kind, 0.0) * (zones if kind == "AWS::EC2::VPCEndpoint" else 1)


def _endpoint(variant: Mapping[str, Any]) -> float:
    usd = hourly(str(variant.get("InstanceType", "")).removeprefix("ml.")) or 0.0
    return usd * HOURS_IN_A_MONTH * int(variant.get("InitialInstanceCount", 1))
