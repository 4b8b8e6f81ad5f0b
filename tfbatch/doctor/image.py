"""Checks that the container image exists in the region."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tfbatch.doctor.check import Check

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator

    import boto3

    from tfbatch_cdk.settings import Container


def image(boto: boto3.Session, container: Container) -> Iterator[Check]:
    """Check that the registry has the image's manifest."""
    from tfbatch_cdk.model.image import ECR_IMAGE  # noqa: PLC0415 # the CDK

    if container.image is None:
        found = _of_aws(boto.region_name, container.tag)
    else:
        parsed = ECR_IMAGE.fullmatch(container.image)
        found = _of_uri(parsed, container.image) if parsed else None
    if found:
        yield _ask(boto, found)
        return
    yield Check(
        name="image",
        status="failed",
        found=f"AWS's TensorFlow Serving image isn't known to be in {boto.region_name}"
        if container.image is None
        else f"Container.image = {container.image!r} is in no Elastic Container Registry",
        remedy="Set Container.image to a copy in an Elastic Container Registry of that region.",
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Place:
    """The location of an image."""

    account: str
    region: str
    repository: str
    version: str
    """``:tag`` or ``@digest``."""


def _of_uri(parsed: re.Match[str], uri: str) -> _Place:
    repository = parsed["repository"]
    version = uri.partition(f"/{repository}")[2]
    return _Place(
        account=parsed["account"], region=parsed["region"], repository=repository, version=version
    )


def _of_aws(region: str, tag: str) -> _Place | None:
    from tfbatch_cdk.model.image import REGISTRY_ACCOUNTS, REPOSITORY  # noqa: PLC0415 # the CDK

    account = REGISTRY_ACCOUNTS.get(region)
    if account is None:
        return None
    return _Place(account=account, region=region, repository=REPOSITORY, version=f":{tag}")


def _ask(boto: boto3.Session, place: _Place) -> Check:
    ecr = boto.client("ecr", region_name=place.region)
    kind = "imageDigest" if place.version.startswith("@") else "imageTag"
    found = ecr.batch_get_image(
        registryId=place.account,
        repositoryName=place.repository,
        imageIds=[{kind: place.version[1:]}],
    )
    where = f"{place.repository}{place.version} of {place.account} in {place.region}"
    if found["images"]:
        return Check(name="image", status="ok", found=where)
    reasons = ", ".join(failure.get("failureReason", "") for failure in found["failures"])
    return Check(
        name="image",
        status="failed",
        found=f"{where}: {reasons or 'not there'}",
        remedy="Correct Container.tag or Container.image in stacks/stages.py: "
        "https://aws.github.io/deep-learning-containers lists AWS's.",
    )
