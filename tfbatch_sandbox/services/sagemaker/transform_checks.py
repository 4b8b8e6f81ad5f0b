"""Validates a CreateTransformJob request beyond the service model.

Messages that users quote from AWS are used word for word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from tfbatch_sandbox.services.errors import ApiError, refusal
from tfbatch_sandbox.services.s3 import uri
from tfbatch_sandbox.services.sagemaker import execution_roles

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mypy_boto3_s3 import S3Client

    from tfbatch_sandbox.services.runtime import Runtime
    from tfbatch_sandbox.services.sagemaker.transform_job import TransformJob

_MAX_MEGABYTES = 100
_DEFAULT_PAYLOAD_MEGABYTES = 6
_DATA_TYPES = ("S3Prefix", "ManifestFile")
_LOCAL_NVME = ("ml.g4dn.", "ml.g5.", "ml.g6.", "ml.g6e.")


def check(request: Mapping[str, Any], role_arn: str, runtime: Runtime, region: str) -> None:
    """Refuse a request that could never run.

    Args:
        request: valid by the service model.
        role_arn: execution role of the request's model.
        runtime: gives S3 and IAM.
        region: region of the job.

    Raises:
        ApiError: ``ValidationException``.
    """
    _check_payload(request)
    _check_volume_key(request["TransformResources"])
    s3 = runtime.clients.get("s3", region, execution_roles.assume(runtime, role_arn))
    source = request["TransformInput"]["DataSource"]["S3DataSource"]
    _check_data_type(source["S3DataType"])
    _check_input(source, role_arn, s3, region)


def _check_data_type(data_type: str) -> None:
    """Refuse data types for other kinds of jobs."""
    if data_type not in _DATA_TYPES:
        raise refusal(
            f"S3DataType {data_type} can't be used in a transform job. "
            f"Use one of {', '.join(_DATA_TYPES)}."
        )


def _check_payload(request: Mapping[str, Any]) -> None:
    """Refuse a payload times concurrency of more than 100 MB."""
    concurrency = request.get("MaxConcurrentTransforms", 0)
    payload = request.get("MaxPayloadInMB", _DEFAULT_PAYLOAD_MEGABYTES)
    if max(concurrency, 1) * payload > _MAX_MEGABYTES:
        raise refusal(
            f"MaxConcurrentTransforms ({concurrency}) * MaxPayloadInMB ({payload}) must be at "
            f"most {_MAX_MEGABYTES} MB. Lower one of them."
        )


def _check_volume_key(resources: Mapping[str, Any]) -> None:
    """Refuse a volume key for an instance that only has local NVMe disks."""
    instance_type = resources["InstanceType"]
    if resources.get("VolumeKmsKeyId") and instance_type.startswith(_LOCAL_NVME):
        raise refusal(
            f"VolumeKmsKeyId can't be used with {instance_type}: its local NVMe disks are "
            "encrypted by hardware. Remove VolumeKmsKeyId."
        )


def check_quota(
    resources: Mapping[str, Any], jobs: Iterable[TransformJob], quotas: Mapping[str, int]
) -> None:
    """Refuse instances beyond the account's quota.

    Raises:
        ApiError: ``ResourceLimitExceeded``.
    """
    kind, wanted = resources["InstanceType"], resources["InstanceCount"]
    running = (job.request["TransformResources"] for job in jobs if not job.ended)
    used = sum(each["InstanceCount"] for each in running if each["InstanceType"] == kind)
    if kind in quotas and used + wanted > quotas[kind]:
        raise ApiError(
            "ResourceLimitExceeded",
            f"The account-level service limit '{kind} for transform job usage' is "
            f"{quotas[kind]} Instances, with current utilization of {used} Instances and a "
            f"request delta of {wanted} Instances. Please use AWS Service Quotas to request an "
            "increase for this quota. If AWS Service Quotas is not available, contact AWS support "
            "to request an increase for this quota.",
        )


def _check_input(source: Mapping[str, str], role_arn: str, s3: S3Client, region: str) -> None:
    """Refuse an input prefix without objects, or a missing manifest."""
    bucket, prefix = uri.split(source["S3Uri"])
    try:
        page = s3.list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=1)
        found, error = page["KeyCount"] > 0, ""
    except ClientError as refused:
        found, error = False, f" Error message from S3: {refused.response['Error']['Message']}"
    if not found:
        raise refusal(
            f'No S3 objects found under S3 URL "{source["S3Uri"]}" given in input data source. '
            "Please ensure that the bucket exists in the selected region "
            f"({region}), that objects exist under that S3 prefix, and that the role "
            f'"{role_arn}" has "s3:ListBucket" permissions on bucket "{bucket}".{error}'
        )
