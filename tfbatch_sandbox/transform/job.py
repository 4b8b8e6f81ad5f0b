"""A transform job with the service's defaults, from its API documents."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from tfbatch_sandbox.transform.s3.location import Location

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """``TransformInput``."""

    data_type: str
    location: Location
    content_type: str | None
    compression: str
    split_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """``TransformOutput``."""

    location: Location
    accept: str | None
    assemble_with: str
    kms_key_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Requested:
    """What a caller may set and the container may propose; ``None`` if unset.

    Source: precedence rule of "Your own inference code", SageMaker developer guide.
    """

    max_concurrent_transforms: int | None
    batch_strategy: str | None
    max_payload_in_mb: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """``DataCaptureConfig``."""

    destination: Location
    kms_key_id: str | None
    generates_ids: bool
    """``GenerateInferenceId``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """The Model of the job."""

    image: str
    data_url: Location | None
    environment: Mapping[str, str]
    network_isolation: bool

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """From the DescribeModel response."""
        container = document.get("PrimaryContainer") or document["Containers"][0]
        data_url = container.get("ModelDataUrl")
        return cls(
            image=container.get("Image", ""),
            data_url=Location.parse(data_url) if data_url else None,
            environment=container.get("Environment", {}),
            network_isolation=bool(document.get("EnableNetworkIsolation")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A transform job."""

    name: str
    input: Input
    output: Output
    requested: Requested
    model: Model
    environment: Mapping[str, str]
    instance_count: int
    instance_type: str
    invocation_timeout_seconds: int
    invocation_max_retries: int
    data_processing: Mapping[str, str]
    capture: Capture | None

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read ``request.json`` of the job's folder: the request and DescribeModel's response."""
        document = json.loads((folder / "request.json").read_text())
        return cls.of(document["request"], document["model"])

    @classmethod
    def of(cls, request: Mapping[str, Any], model: Mapping[str, Any]) -> Self:
        """From a valid CreateTransformJob request and its model."""
        client = request.get("ModelClientConfig", {})
        resources = request["TransformResources"]
        return cls(
            name=request["TransformJobName"],
            input=_input(request["TransformInput"]),
            output=_output(request["TransformOutput"]),
            requested=Requested(
                max_concurrent_transforms=request.get("MaxConcurrentTransforms"),
                batch_strategy=request.get("BatchStrategy"),
                max_payload_in_mb=request.get("MaxPayloadInMB"),
            ),
            model=Model.of(model),
            environment=request.get("Environment", {}),
            instance_count=resources.get("InstanceCount", 1),
            instance_type=resources["InstanceType"],
            invocation_timeout_seconds=client.get("InvocationsTimeoutInSeconds", 600),
            invocation_max_retries=client.get("InvocationsMaxRetries", 3),
            data_processing=request.get("DataProcessing", {}),
            capture=_capture(request.get("DataCaptureConfig")),
        )


def _input(document: Mapping[str, Any]) -> Input:
    source = document["DataSource"]["S3DataSource"]
    return Input(
        data_type=source["S3DataType"],
        location=Location.parse(source["S3Uri"]),
        content_type=document.get("ContentType"),
        compression=document.get("CompressionType", "None"),
        split_type=document.get("SplitType", "None"),
    )


def _output(document: Mapping[str, Any]) -> Output:
    return Output(
        location=Location.parse(document["S3OutputPath"]),
        accept=document.get("Accept"),
        assemble_with=document.get("AssembleWith", "None"),
        kms_key_id=document.get("KmsKeyId") or None,
    )


def _capture(document: Mapping[str, Any] | None) -> Capture | None:
    if not document:
        return None
    return Capture(
        destination=Location.parse(document["DestinationS3Uri"]),
        kms_key_id=document.get("KmsKeyId") or None,
        generates_ids=bool(document.get("GenerateInferenceId")),
    )
