"""Makes ``cdk deploy`` ask if a model package is still approved.

A synthesis asks nobody, and a deployment fetches nothing if the artifact is in S3 already. So the
assembly has an asset that no deployment finds in S3, because each synthesis gives it a new name.
``cdk deploy`` makes it with a program that asks, and stops if the program fails. The asset is the
record of the answer.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from aws_cdk import Stack, Stage

from tfbatch_cdk.model import lock

if TYPE_CHECKING:
    from constructs import Construct

    from tfbatch_cdk.settings import Model

PROGRAM: Final = "tfbatch.models.approval"


def ask_at_deployment(scope: Construct, model: Model) -> None:
    """Add the asset, if the model's lock names a package and its approval is needed."""
    locked = lock.read(lock.path_of(model.directory))
    if locked is None or not lock.is_package(locked.source) or not model.needs_approval:
        return
    name, stage = f"tfbatch.approval.{uuid4()}.json", Stage.of(scope)
    assert stage is not None  # noqa: S101 # add_file_asset needs one too
    Stack.of(scope).synthesizer.add_file_asset(
        source_hash=name,
        executable=[
            *(sys.executable, "-m", PROGRAM),
            *(model.name, locked.source, str(Path(stage.asset_outdir, name).resolve())),
        ],
        display_name=f"{scope.node.path}/approval",
    )
