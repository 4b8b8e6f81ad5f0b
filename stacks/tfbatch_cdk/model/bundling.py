"""Writes a model's artifact to the cloud assembly during synthesis, without Docker."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsii
from aws_cdk import (
    AssetHashType,
    AssetStaging,
    BundlingOptions,
    BundlingOutput,
    DockerImage,
    FileAssetPackaging,
    ILocalBundling,
    Stack,
)

from tfbatch_cdk.model import tarball
from tfbatch_cdk.model.artifact import HANDLER
from tfbatch_cdk.model.sbom import bill_of_materials

if TYPE_CHECKING:
    from constructs import Construct

    from tfbatch_cdk.model.artifact import Artifact


@jsii.implements(ILocalBundling)
class _Tarball:
    """Writes ``model.tar.gz`` to the CDK's output folder."""

    def __init__(self, artifact: Artifact) -> None:
        self._artifact = artifact

    def try_bundle(self, output_dir: str, _options: Any = None, **_more: Any) -> bool:  # noqa: ANN401
        sources = {name: member.source for name, member in self._artifact.members.items()}
        tarball.write(Path(output_dir) / "model.tar.gz", sources)
        return True


@dataclass(frozen=True, kw_only=True, slots=True)
class ArtifactObject:
    """The S3 object of an artifact, which ``cdk deploy`` uploads."""

    url: str
    """``s3://bucket/key.tar.gz``"""
    arn: str
    bucket_arn: str
    sha256: str
    """Of the file, in hexadecimal; empty if nothing is bundled, as for ``cdk ls``."""


def artifact_object(scope: Construct, artifact: Artifact) -> ArtifactObject:
    """Add the artifact's ``model.tar.gz`` to the cloud assembly.

    The asset hash is the digest of names and contents, so an existing file isn't written again.
    ``asset.<hash>.members.json`` lists the members for the review, and ``asset.<hash>.sbom.json``
    is the bill of materials.
    """
    staging = AssetStaging(
        scope,
        "Stage",
        source_path=str(HANDLER),
        asset_hash_type=AssetHashType.CUSTOM,
        asset_hash=artifact.digest,
        bundling=BundlingOptions(
            image=DockerImage.from_registry("never-pulled"),
            local=_Tarball(artifact),
            output_type=BundlingOutput.SINGLE_FILE,
        ),
    )
    stack = Stack.of(scope)
    digest = ""
    if stack.bundling_required:  # false for `cdk ls`
        staged = Path(staging.absolute_staged_path)
        staged.with_name(f"asset.{staging.asset_hash}.members.json").write_text(artifact.listing())
        staged.with_name(f"asset.{staging.asset_hash}.sbom.json").write_text(
            bill_of_materials(artifact, name=scope.node.id.removeprefix("Model-"))
        )
        with staged.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    # An s3_assets.Asset names the object <hash>.gz; CreateModel needs the suffix .tar.gz.
    location = stack.synthesizer.add_file_asset(
        source_hash=f"{staging.asset_hash}.tar",
        file_name=staging.relative_staged_path(stack),
        packaging=FileAssetPackaging.FILE,
        display_name=f"{scope.node.path}/model.tar.gz",
    )
    bucket = stack.format_arn(service="s3", region="", account="", resource=location.bucket_name)
    return ArtifactObject(
        url=location.s3_object_url,
        arn=f"{bucket}/{location.object_key}",
        bucket_arn=bucket,
        sha256=digest,
    )
