"""What a change costs: for each so many records, and in each month whether used or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tfbatch.review import prices
from tfbatch.review.finding import Finding, Section, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tfbatch.review.assembly import Stage
    from tfbatch.review.finding import Row
    from tfbatch.review.identity import Pairs

RECORDS_PER_SECOND = 100_000 / (12 * 60) / 2
"""Of one instance: AWS's article classified 100,000 photos with ResNet-50 in 12 minutes on two
ml.p3.2xlarge, as JPEG objects. Other instances and models differ; a comparison needs one number."""

ASSUMED = (
    f"Assumed: {RECORDS_PER_SECOND:.0f} records a second on each instance, of whatever type (AWS's "
    "article: photos as JPEG, ResNet-50, ml.p3.2xlarge), the minutes that an instance takes to "
    f"start left out. Prices: US East (N. Virginia), on demand, {prices.AS_OF}."
)
_MUCH = 1.2
"""A price that grows by more than this factor is worth a look."""
_SMALL, _LARGE = 100_000, 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """What a stage costs."""

    fleet: str
    """``2 x ml.g5.xlarge``"""
    hourly: float | None
    """USD for an hour of one instance; ``None`` where its price isn't known."""
    instances: int
    monthly: float
    """USD for a month in which nothing is run."""

    def of(self, records: int) -> float | None:
        """USD for so many records."""
        if self.hourly is None:
            return None
        return records / RECORDS_PER_SECOND / 3600 * self.hourly

    def minutes(self, records: int) -> float:
        """Until so many records are done."""
        return records / RECORDS_PER_SECOND / 60 / self.instances


def cost_of(stage: Stage) -> Cost | None:
    """What a stage's settings and resources come to; ``None`` where they name no instance."""
    kind, count = _fleet(stage.settings)
    if kind is None:
        return None
    return Cost(
        fleet=f"{count} x ml.{kind}",
        hourly=prices.HOURLY.get(kind),
        instances=count,
        monthly=sum(_monthly(stage, kind, one) for kind, one in _standing(stage)),
    )


def delta(base: Stage, head: Stage) -> float:
    """USD that 100,000 records cost more after the change; less where it is negative."""
    before, after = cost_of(base), cost_of(head)
    if before is None or after is None:
        return 0.0
    return (after.of(_SMALL) or 0.0) - (before.of(_SMALL) or 0.0)


def findings(pairs: Pairs) -> Iterator[Finding]:
    """Before and after, side by side; one line where nothing moves."""
    before, after = cost_of(pairs.base), cost_of(pairs.head)
    if before is None or after is None:
        return
    if before == after:
        yield Finding(
            section=Section.MONEY,
            rule="cost-unchanged",
            title=f"Unchanged: {_shown(after.of(_SMALL))} for 100,000 records on {after.fleet}, "
            f"{_usd(after.monthly)} a month while nothing runs",
        )
        return
    dearer = (after.of(_SMALL) or 0) > _MUCH * (before.of(_SMALL) or 0)
    yield Finding(
        section=Section.MONEY,
        rule="cost-up" if dearer else "cost-changed",
        severity=Severity.ATTENTION if dearer else Severity.FINE,
        title=_title(before, after),
        rows=tuple(_rows(before, after)),
    )


def _title(before: Cost, after: Cost) -> str:
    return f"{_shown(before.of(_SMALL))} → {_shown(after.of(_SMALL))} for 100,000 records"


def _rows(before: Cost, after: Cost) -> Iterator[Row]:
    yield "instances of a job", before.fleet, after.fleet
    yield "an instance, for an hour", _shown(before.hourly), _shown(after.hourly)
    for records in (_SMALL, _LARGE):
        yield f"{records:,} records", _both(before, records), _both(after, records)
    yield "each month, nothing run", _usd(before.monthly), _usd(after.monthly)


def _both(cost: Cost, records: int) -> str:
    return f"{_shown(cost.of(records))}, {cost.minutes(records):,.0f} min"


def _shown(amount: float | None) -> str:
    return "price not known" if amount is None else _usd(amount)


def _usd(amount: float) -> str:
    return f"{amount:,.2f} USD"


def _fleet(settings: Mapping[str, Any]) -> tuple[str | None, int]:
    """The instance type, the first of several, and how many a job gets."""
    compute = settings.get("compute", {})
    kinds = compute.get("instance_types") or [compute.get("instance_type")]
    return kinds[0], int(compute.get("instances") or 1)


def _standing(stage: Stage) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for resource in stage.resources.values():
        yield resource.kind, stage.properties(resource)


def _monthly(_stage: Stage, kind: str, properties: Mapping[str, Any]) -> float:
    """USD that a resource costs each month, used or not."""
    if kind == "AWS::SageMaker::EndpointConfig":
        return sum(_endpoint(variant) for variant in properties.get("ProductionVariants", []))
    if kind == "AWS::EC2::VPCEndpoint" and properties.get("VpcEndpointType") != "Interface":
        return 0.0
    zones = len(properties.get("SubnetIds", [])) or 1
    return prices.MONTHLY.get(kind, 0.0) * (zones if kind == "AWS::EC2::VPCEndpoint" else 1)


def _endpoint(variant: Mapping[str, Any]) -> float:
    hourly = prices.HOURLY.get(str(variant.get("InstanceType", "")).removeprefix("ml."), 0.0)
    return hourly * prices.HOURS_IN_A_MONTH * int(variant.get("InitialInstanceCount", 1))
