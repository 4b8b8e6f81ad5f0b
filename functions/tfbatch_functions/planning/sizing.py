"""Chooses payload, concurrency and instances of a run, and enforces their limits."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from tfbatch_functions.planning.estimate import count, estimate
from tfbatch_functions.planning.refusals import (
    BudgetExceeded,
    DeadlineImpossible,
    ObjectTooLarge,
    TooManyInstances,
)
from tfbatch_functions.planning.sampling import UNSPLIT

if TYPE_CHECKING:
    from tfbatch_functions.planning.estimate import Estimate, Fleet, Work
    from tfbatch_functions.planning.sharding import Totals
    from tfbatch_functions.s3.location import Location

_MEBIBYTE: Final = 1024 * 1024
LARGEST_PAYLOAD_MB: Final = 100
"""The limit of MaxPayloadInMB, and of its product with MaxConcurrentTransforms."""


def payload(
    totals: Totals, *, split: str, prefix: Location, max_payload_mb: int, max_concurrent: int
) -> tuple[int, int]:
    """Choose ``MaxPayloadInMB`` and ``MaxConcurrentTransforms``.

    Without a split type an object is one request, so the payload must hold the largest object. The
    product may not exceed 100 MB. With a split type the settings are used, because the size of
    records is unknown.

    Raises:
        ObjectTooLarge: an object is larger than 100 MB.
    """
    if split != UNSPLIT:
        return max_payload_mb, max_concurrent
    needed = max(math.ceil(totals.largest_bytes / _MEBIBYTE), max_payload_mb)
    if needed > LARGEST_PAYLOAD_MB:
        raise ObjectTooLarge(
            f"{(prefix / totals.largest_key).uri} has {totals.largest_bytes} bytes, and Batch "
            f"Transform sends at most {LARGEST_PAYLOAD_MB} MB at a time: make it smaller, move it "
            "out of the input, or use a format whose objects are split into records."
        )
    return needed, min(max_concurrent, LARGEST_PAYLOAD_MB // needed)


def choose(work: Work, fleet: Fleet, *, deadline_minutes: float | None) -> Estimate:
    """Choose the number of instances: as requested, or as few as meet the deadline, or one.

    Raises:
        TooManyInstances: the request is above the stage's limit.
        DeadlineImpossible: no number within the limit is enough.
    """
    if fleet.instances is not None and fleet.instances > fleet.max_instances:
        raise TooManyInstances(
            f"instances = {fleet.instances}: this stage admits {fleet.max_instances}. Ask for "
            "fewer, or raise Compute.max_instances (and the account's quota) and deploy."
        )
    most = min(fleet.max_instances, work.widest)
    numbers = range(1, most + 1) if fleet.instances is None else [min(fleet.instances, most)]
    if deadline_minutes is None:
        return estimate(work, fleet, instances=numbers[0])
    tried = [estimate(work, fleet, instances=instances) for instances in numbers]
    for found in tried:
        if found.minutes <= deadline_minutes:
            return found
    raise DeadlineImpossible(_late(tried[-1], fleet, deadline_minutes))


def _late(best: Estimate, fleet: Fleet, deadline_minutes: float) -> str:
    minutes = math.ceil(best.minutes)
    remedy = (
        "raise Compute.max_instances (more don't help where there are as few objects)"
        if fleet.instances is None
        else "ask for more instances"
    )
    return (
        f"deadline_minutes = {deadline_minutes}: {count(best.instances, fleet.instance_type)} in "
        f"each job need about {minutes} minutes. Give it {minutes} minutes, or {remedy}."
    )


def check_budget(found: Estimate, fleet: Fleet, sentence: str, budget_usd: float | None) -> None:
    """Refuse a run above its budget.

    Raises:
        BudgetExceeded: the estimate is above it, or there is no price.
    """
    if budget_usd is None:
        return
    if found.usd is None:
        raise BudgetExceeded(
            f"budget_usd = {budget_usd}: there is no price for {fleet.instance_type} to hold it "
            "against. Add one to the stage's prices and deploy, or leave the budget out."
        )
    if found.usd > budget_usd:
        raise BudgetExceeded(
            f"budget_usd = {budget_usd}: {sentence} Raise the budget to "
            f"{math.ceil(found.usd * 100) / 100:.2f}, or send fewer objects."
        )
