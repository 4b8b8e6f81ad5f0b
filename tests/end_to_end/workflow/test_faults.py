"""A few faults of ``make faults``, one of each family, at a random moment."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.faults import families
from tests.faults.campaign import Campaign

if TYPE_CHECKING:
    from tests.deployment import Deployment


@pytest.mark.parametrize(
    "name",
    [
        "The transform engine is killed",
        "The model server stands still",
        "CreateTransformJob makes the job and its answer is lost",
        "Results of shards end in the middle when Summarize reads them",
        "An output is empty",
        "Three requests with one key start at once",
        "EventBridge delivers the events of two uploads late and in the wrong order",
        "The key's policy denies the jobs to write outputs, until the first one failed",
        "The clock of a person's machine is four minutes wrong",
        "A person stops `tfbatch retry` midway, and retries again",
    ],
)
def test_a_run_survives_a_fault_with_exact_accounts_and_leaves_nothing(
    deployment: Deployment, name: str
) -> None:
    campaign = Campaign(deployment=deployment, seed=random.randrange(10**6))  # noqa: S311
    (result,) = campaign.run(families.named(name), turn=0)
    assert not result.problems, f"seed {campaign.seed}: {result.problems[0]}"
