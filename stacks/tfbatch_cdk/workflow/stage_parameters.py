"""Converts the settings of a stage to the workflow's variable ``$stage``."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from aws_cdk import Aws

from tfbatch_cdk.model import acceptance, container_environment
from tfbatch_cdk.model.ami import ami_version
from tfbatch_cdk.settings import prices
from tfbatch_cdk.settings.instance_types import has_local_disks
from tfbatch_cdk.workflow.fields import jobs_of_stage

if TYPE_CHECKING:
    from tfbatch_cdk.settings import DataCapture, Format, Model, Stage
    from tfbatch_cdk.settings.job import Member

_GIGABYTE = 10**9


class DeployedNames(TypedDict):
    """The rest of ``$stage``: names that only a deployment knows."""

    inputBucket: str
    inputBuckets: list[str]
    outputBucket: str
    workBucket: str
    models: dict[str, str]
    """Model -> name of its SageMaker Model."""
    artifacts: dict[str, Member]
    """Model -> its artifact's ``uri`` and the ``digest`` of its members."""


def stage_parameters(stage: Stage, *, output_bucket: str, key: str | None) -> Member:
    """``$stage``, without names of deployed resources.

    Args:
        stage: its settings.
        output_bucket: the bucket for captured data.
        key: ARN of the stage's key, if it has one.

    Raises:
        SettingsError: a model can take none of the formats.
    """
    compute = stage.compute
    return {
        "name": stage.name,
        "jobs": jobs_of_stage(stage.name),
        "region": Aws.REGION,
        "tags": [{"Key": name, "Value": value} for name, value in stage.all_tags().items()],
        "defaultModel": stage.models[0].name,
        "formats": {
            name: {
                **_format(one),
                "output": _output(one, key),
                "more": _more(stage, one, output_bucket, key),
            }
            for name, one in stage.formats.items()
        },
        "refused": acceptance.refusals(stage),
        "instanceTypes": [f"ml.{name}" for name in compute.instance_types],
        "environments": {model.name: _environments(stage, model) for model in stage.models},
        "resources": _resources(stage, key),
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
        "pricesStandingIn": prices.FALLBACK_REGION,
    }


def needs_polling(stage: Stage) -> bool:
    """Whether its jobs need parameters that the optimized integration doesn't document."""
    more = [_more(stage, one, "", None) for one in stage.formats.values()]
    return any([_ami_versions(stage), *more])


def _ami_versions(stage: Stage) -> dict[str, str]:
    """``TransformAmiVersion`` by instance type, if the type needs one."""
    chosen = {
        f"ml.{kind}": ami_version(stage.container, kind) for kind in stage.compute.instance_types
    }
    return {kind: version for kind, version in chosen.items() if version}


def _environments(stage: Stage, model: Model) -> dict[str, dict[str, str]]:
    """A model's environment variables by instance type."""
    return {
        f"ml.{kind}": container_environment.of_stage_job(stage, model, kind)
        for kind in stage.compute.instance_types
    }


def _resources(stage: Stage, key: str | None) -> dict[str, Member]:
    """More members of ``TransformResources``, by instance type."""
    versions = _ami_versions(stage)
    return {
        f"ml.{kind}": {
            **({"TransformAmiVersion": versions[f"ml.{kind}"]} if f"ml.{kind}" in versions else {}),
            **({"VolumeKmsKeyId": key} if key and not has_local_disks(kind) else {}),
        }
        for kind in stage.compute.instance_types
    }


def _output(chosen: Format, key: str | None) -> Member:
    """More members of ``TransformOutput``.

    Without a key SageMaker requests encryption with ``aws/s3``, which the output bucket denies.
    """
    return {
        **({"Accept": chosen.accept} if chosen.accept else {}),
        **({"KmsKeyId": key} if key else {}),
    }


def _format(chosen: Format) -> Member:
    """A format, for CreateTransformJob and the functions."""
    return {
        "contentType": chosen.sent_content_type,
        "splitType": chosen.split_type,
        "separator": chosen.separator,
        "batchStrategy": chosen.batch_strategy,
        "maxPayloadInMB": chosen.max_payload_mb,
        "maxConcurrentTransforms": chosen.max_concurrent_transforms,
        "answers": chosen.accept or "",
        "joined": chosen.joins_rows,
    }


def _more(stage: Stage, chosen: Format, bucket: str, key: str | None) -> Member:
    """Optional members of the request."""
    return {
        **({"DataProcessing": chosen.processing.member()} if chosen.processing else {}),
        **({"ModelClientConfig": stage.invocations.member()} if stage.invocations else {}),
        **({"DataCaptureConfig": _capture(stage.capture, bucket, key)} if stage.capture else {}),
        **({"ExperimentConfig": stage.experiment.member()} if stage.experiment else {}),
    }


def _capture(capture: DataCapture, bucket: str, key: str | None) -> Member:
    return {**capture.member(bucket), **({"KmsKeyId": key} if key else {})}
