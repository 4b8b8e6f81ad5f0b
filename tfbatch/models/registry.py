"""Finds the artifact of a model package in SageMaker Model Registry.

Source: SageMaker API reference, DescribeModelPackage.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tfbatch.files.file_store import FileStoreError

if TYPE_CHECKING:
    from collections.abc import Mapping

_APPROVED = "Approved"


def artifact_of(arn: str) -> str:
    """The S3 URI of the artifact of an approved model package.

    Args:
        arn: of a version of the package, in its own region.

    Raises:
        FileStoreError: it isn't approved, or has not just one artifact.
        botocore.exceptions.ClientError: there is no such package, or it may not be read.
    """
    import boto3  # noqa: PLC0415 # takes 0.2 s

    region = arn.split(":")[3]
    found = boto3.client("sagemaker", region_name=region).describe_model_package(
        ModelPackageName=arn
    )
    status = found.get("ModelApprovalStatus")
    if status != _APPROVED:
        why = found.get("ApprovalDescription")
        raise FileStoreError(
            f"{arn} is {status or 'without an approval status'}{f' ({why})' if why else ''}: "
            "approve the version in the registry, or name one that is"
        )
    urls = [
        url
        for container in found.get("InferenceSpecification", {}).get("Containers", [])
        if (url := _url(container))
    ]
    if len(urls) != 1:
        raise FileStoreError(f"{arn} has {len(urls)} artifacts, where a model has one")
    return urls[0]


def _url(container: Mapping[str, Any]) -> str | None:
    source = container.get("ModelDataSource", {}).get("S3DataSource", {})
    url: str | None = container.get("ModelDataUrl") or source.get("S3Uri")
    return url
