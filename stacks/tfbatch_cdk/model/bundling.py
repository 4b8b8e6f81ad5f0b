"""Writes a model's artifact to the cloud assembly during synthesis, without Docker.

If only the model's lock is on this machine, the assembly gets the code, and the command by which
``cdk deploy`` fetches the model and writes the same artifact.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aws_cdk import Annotations, FileAssetLocation, FileAssetPackaging, Stack, Stage

from tfbatch_cdk.model import lock, tarball
from tfbatch_cdk.model.artifact import CODE_ALONE
from tfbatch_cdk.model.sbom import bill_of_materials

if TYPE_CHECKING:
    from constructs import Construct

    from tfbatch_cdk.model.artifact import Artifact
    from tfbatch_cdk.settings import Model

MEMBERS: Final = "members.json"
"""``asset.<digest>.members.json`` lists the artifact's members for the review."""
PUBLISHER: Final = "tfbatch.models.publish"
"""The program that ``cdk deploy`` runs if the model isn't on this machine."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ArtifactObject:
    """The S3 object of an artifact, which ``cdk deploy`` uploads."""

    url: str
    """``s3://bucket/tfbatch.MODEL.DIGEST.tar.gz``"""
    every_arn: str
    """The ARNs of this artifact, and of those that earlier deployments uploaded for the model: a
    run that began before a deployment reads the one of then."""
    bucket_arn: str
    digest: str
    """Of the names and contents of its members, in hexadecimal."""


def artifact_object(scope: Construct, artifact: Artifact, *, model: Model) -> ArtifactObject:
    """Add the artifact's ``model.tar.gz`` to the cloud assembly.

    The object's key has the model's name, for grants, and the digest of names and contents: an
    existing file isn't written again.
    ``asset.<digest>.members.json`` lists the members for the review, and
    ``asset.<digest>.sbom.json`` is the bill of materials.

    Args:
        scope: the model's construct.
        artifact: its members.
        model: its settings.
    """
    stack = Stack.of(scope)
    if stack.bundling_required:  # false for `cdk ls`
        _beside(scope, artifact, MEMBERS).write_text(artifact.listing())
        _beside(scope, artifact, "sbom.json").write_text(
            bill_of_materials(artifact, name=scope.node.id.removeprefix("Model-"))
        )
    key = f"tfbatch.{model.name}.{artifact.digest}.tar"
    if artifact.is_here:
        location = _bundled(scope, artifact, key)
    else:
        location = _fetched(scope, artifact, key, lock.path_of(model.directory))
    bucket = stack.format_arn(service="s3", region="", account="", resource=location.bucket_name)
    return ArtifactObject(
        url=location.s3_object_url,
        every_arn=f"{bucket}/{location.object_key.replace(artifact.digest, '*')}",
        bucket_arn=bucket,
        digest=artifact.digest,
    )


def _beside(scope: Construct, artifact: Artifact, suffix: str) -> Path:
    """A file of the artifact in the cloud assembly."""
    return Path(_stage(scope).asset_outdir) / f"asset.{artifact.digest}.{suffix}"


def _stage(scope: Construct) -> Stage:
    """The app, or the CDK stage, that a construct is in."""
    found = Stage.of(scope)
    assert found is not None  # noqa: S101 # add_file_asset needs one too
    return found


def _bundled(scope: Construct, artifact: Artifact, key: str) -> FileAssetLocation:
    """The file, which is written now unless an earlier synthesis wrote it."""
    file, stack = _beside(scope, artifact, "tar.gz"), Stack.of(scope)
    if stack.bundling_required and not file.exists():
        tarball.write(file, artifact.sources())
    # An s3_assets.Asset names the object <hash>.gz; CreateModel needs the suffix .tar.gz. Its
    # AssetStaging would also make the template differ from that of a lock alone: CDK's metadata
    # lists constructs.
    return stack.synthesizer.add_file_asset(
        source_hash=key,
        file_name=os.path.relpath(file, _stage(scope).outdir),
        packaging=FileAssetPackaging.FILE,
        display_name=f"{scope.node.path}/model.tar.gz",
    )


def _fetched(scope: Construct, artifact: Artifact, key: str, path: Path) -> FileAssetLocation:
    """The same object, which ``cdk deploy`` writes when S3 doesn't have it yet."""
    code = _beside(scope, artifact, CODE_ALONE)
    stack = Stack.of(scope)
    if stack.bundling_required:
        tarball.write(code, artifact.sources())
    missing = [one.size for one in artifact.members.values() if one.source is None]
    locked = lock.read(path)
    source = locked.source if locked else ""
    Annotations.of(scope).add_info(
        f"{path.name.removesuffix('.lock.json')} is not on this machine. A deployment fetches "
        f"{len(missing)} files, {sum(missing) / 1e6:,.1f} MB, from {source}, and checks them "
        f"against {path.name}."
    )
    return stack.synthesizer.add_file_asset(
        source_hash=f"{key}.gz",
        executable=[sys.executable, "-m", PUBLISHER, str(path.resolve()), str(code.resolve())],
        display_name=f"{scope.node.path}/model.tar.gz",
    )
