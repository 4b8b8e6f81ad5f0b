"""What the deployment fixes for its workflow: ``$stage``, made of the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Aws

from stacks import prices
from stacks.hosts import ami_version

if TYPE_CHECKING:
    from stacks.job_settings import Member
    from stacks.settings import Format, Stage

_GIGABYTE = 10**9


def fixed(stage: Stage, *, output_bucket: str) -> Member:
    """``$stage`` but for names that only the deployment knows.

    Args:
        stage: its settings.
        output_bucket: whose name what is captured goes to.
    """
    compute = stage.compute
    return {
        "region": Aws.REGION,
        "defaultModel": stage.models[0].name,
        "formats": {
            name: {**_format(one), "more": _more(stage, one, output_bucket)}
            for name, one in stage.formats.items()
        },
        "instanceTypes": [f"ml.{name}" for name in compute.instance_types],
        "amiVersions": _ami_versions(stage),
        "instances": compute.instances,
        "maxInstances": compute.max_instances,
        "maxJobs": compute.max_jobs,
        "objectsPerShard": compute.objects_per_shard,
        "bytesPerShard": compute.gigabytes_per_shard * _GIGABYTE,
        "rounds": compute.rounds,
        "capacityTries": compute.capacity_tries,
        "capacityWaitSeconds": compute.capacity_wait_minutes * 60,
        "recordsPerSecond": compute.records_per_second,
        "prices": prices.by_region(compute, region=stage.region),
        "pricesStandingIn": prices.STANDING_IN,
    }


def is_watched(stage: Stage) -> bool:
    """Whether its jobs need what the optimized integration doesn't document."""
    more = [_more(stage, one, "") for one in stage.formats.values()]
    return any([_ami_versions(stage), *more])


def _ami_versions(stage: Stage) -> dict[str, str]:
    """``TransformAmiVersion`` by instance type, of those that need one."""
    chosen = {
        f"ml.{kind}": ami_version(stage.container, kind) for kind in stage.compute.instance_types
    }
    return {kind: version for kind, version in chosen.items() if version}


def _format(chosen: Format) -> Member:
    """A format in the words of CreateTransformJob."""
    return {
        "contentType": chosen.content_type,
        "splitType": chosen.split_type,
        "batchStrategy": chosen.batch_strategy,
        "maxPayloadInMB": chosen.max_payload_mb,
        "maxConcurrentTransforms": chosen.max_concurrent_transforms,
        "output": {"Accept": chosen.accept} if chosen.accept else {},
        "answers": chosen.accept or "",
        "joined": chosen.processing is not None and chosen.processing.join_source == "Input",
    }


def _more(stage: Stage, chosen: Format, bucket: str) -> Member:
    """Members of the request that not every stage has."""
    return {
        **({"DataProcessing": chosen.processing.member()} if chosen.processing else {}),
        **({"ModelClientConfig": stage.invocations.member()} if stage.invocations else {}),
        **({"DataCaptureConfig": stage.capture.member(bucket)} if stage.capture else {}),
        **({"ExperimentConfig": stage.experiment.member()} if stage.experiment else {}),
    }
