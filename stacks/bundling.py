"""Bundles a model's artifact into the cloud assembly during synthesis, without Docker."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsii
from aws_cdk import (
    AssetHashType,
    BundlingOptions,
    BundlingOutput,
    DockerImage,
    ILocalBundling,
    Stage,
)
from aws_cdk import aws_s3_assets as assets

from stacks import tarball

if TYPE_CHECKING:
    from constructs import Construct

    from stacks.artifact import Artifact


@jsii.implements(ILocalBundling)
class _Tarball:
    """Writes ``model.tar.gz`` where the CDK asks for it."""

    def __init__(self, artifact: Artifact) -> None:
        self._artifact = artifact

    def try_bundle(self, output_dir: str, _options: Any = None, **_more: Any) -> bool:  # noqa: ANN401
        sources = {name: member.source for name, member in self._artifact.members.items()}
        tarball.write(Path(output_dir) / "model.tar.gz", sources)
        return True


def model_asset(scope: Construct, construct_id: str, *, artifact: Artifact) -> assets.Asset:
    """An asset that is the artifact's ``model.tar.gz``.

    Its hash is the digest of names and contents, so that the file is written only when there is
    none of that digest in the assembly. Beside it stands ``asset.<hash>.members.json``, the
    listing that a review compares.
    """
    asset = assets.Asset(
        scope,
        construct_id,
        path=str(next(iter(artifact.members.values())).source.parent),
        asset_hash_type=AssetHashType.CUSTOM,
        asset_hash=artifact.digest,
        bundling=BundlingOptions(
            image=DockerImage.from_registry("never-pulled"),
            local=_Tarball(artifact),
            output_type=BundlingOutput.SINGLE_FILE,
        ),
    )
    assembly = Stage.of(scope)
    if assembly is not None:
        listing = Path(assembly.asset_outdir) / f"asset.{asset.asset_hash}.members.json"
        listing.write_text(artifact.listing())
    return asset
