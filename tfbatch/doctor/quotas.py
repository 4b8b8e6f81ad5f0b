"""Checks the account's quotas of GPU instances for transform jobs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tfbatch.doctor.check import Check

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import boto3

    from tfbatch_cdk.settings import Compute

_SERVICE = "sagemaker"
_QUOTA = re.compile(r"(ml\.\S+) for transform job usage")
"""The name in Service Quotas."""


def quotas(boto: boto3.Session, compute: Compute) -> Iterator[Check]:
    """Compare each instance type's quota with what the stage may request."""
    client = boto.client("service-quotas")
    pages = client.get_paginator("list_service_quotas").paginate(ServiceCode=_SERVICE)
    found = {
        match[1]: (quota["QuotaCode"], quota["Value"])
        for page in pages
        for quota in page["Quotas"]
        if (match := _QUOTA.fullmatch(quota["QuotaName"]))
    }
    yield from judge(found, compute)


def judge(found: Mapping[str, tuple[str, float]], compute: Compute) -> Iterator[Check]:
    """Judge the quota of each instance type of a stage.

    Args:
        found: instance type -> code and value of its quota.
        compute: settings of the stage.
    """
    most = compute.max_instances * compute.max_jobs
    for number, kind in enumerate(f"ml.{name}" for name in compute.instance_types):
        code, value = found.get(kind, (None, 0.0))
        name = f"quota {kind}"
        if value >= most:
            yield Check(name=name, status="ok", found=f"{value:g} instances")
            continue
        # Without a quota for the first type every run starts with a refusal.
        usable = value >= compute.instances
        yield Check(
            name=name,
            status="warning" if usable or number else "failed",
            found=f"{value:g} instances; a run may ask for {most} "
            f"(Compute.max_instances x max_jobs), and begins with {compute.instances}",
            remedy=_increase(code, most)
            if code
            else f"AWS has no transform jobs on {kind} here: "
            "name another type in Compute.instance_types.",
        )


def _increase(code: str, most: int) -> str:
    return (
        "Run 'aws service-quotas request-service-quota-increase --service-code sagemaker "
        f"--quota-code {code} --desired-value {most}', or lower the settings."
    )
