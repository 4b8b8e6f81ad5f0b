"""Updates regions in the price table."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tfbatch.terminal.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tfbatch.prices.sources import Source
    from tfbatch_cdk.settings.prices import Prices


def refresh(file: Path, regions: Iterable[str], source: Source) -> dict[str, Prices]:
    """Read the prices of each region, and write the table if all succeed.

    Returns:
        The regions' new entries.

    Raises:
        Problem: AWS doesn't know a region, or it has no Batch Transform; the table stays
            unchanged.
    """
    found: dict[str, Prices] = {}
    for region in dict.fromkeys(regions):
        usd = source.read(region)
        if not usd:
            raise Problem(
                f"--region {region}: AWS lists no Batch Transform instances there. "
                "'aws ssm get-parameters-by-path --path /aws/service/global-infrastructure/services"
                "/sagemaker/regions' names SageMaker's regions."
            )
        today = f"{datetime.now(UTC):%Y-%m-%d}"
        found[region] = {"read": today, "source": source.name, "usd_per_hour": usd}
    _write(file, dict(sorted((_table(file) | found).items())))
    return found


def _table(file: Path) -> dict[str, Prices]:
    table: dict[str, Prices] = json.loads(file.read_text()) if file.exists() else {}
    return table


def _write(file: Path, table: dict[str, Prices]) -> None:
    """Write atomically, so that an interrupted run keeps the old one."""
    new = file.with_suffix(".new")
    new.write_text(json.dumps(table, indent=2) + "\n")
    os.replace(new, file)  # noqa: PTH105 # atomic
