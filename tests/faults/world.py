"""The sandbox of a campaign, with its stage deployed by the real ``cdk deploy``."""

from __future__ import annotations

import contextlib
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final, Unpack

from tests.deployment import CDK, Deployment
from tests.faults import app
from tests.faults.fault import SHARD
from tests.paths import REPOSITORY
from tests.saved_models import exported
from tfbatch_sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tfbatch_sandbox.server.settings import Choices

_APP: Final = f"{sys.executable} -m tests.faults.app"


@contextlib.contextmanager
def world(*, shard: int = SHARD, **choices: Unpack[Choices]) -> Iterator[Deployment]:
    """A sandbox with the campaign's stage; deleted at the end.

    Args:
        shard: objects of a shard.
        choices: see :class:`tfbatch_sandbox.server.settings.Settings`.
    """
    folder = Path(tempfile.mkdtemp(prefix="tfbatch-faults-"))
    try:
        with Sandbox.start(state_dir=folder / "sandbox", **choices) as sandbox:
            yield deployed(sandbox, shard=shard)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def deployed(sandbox: Sandbox, *, shard: int = SHARD) -> Deployment:
    """Bootstrap a sandbox and deploy the stage."""
    bare = Deployment(sandbox=sandbox, outputs={})
    bare.bootstrap()
    deploy(bare, shard=shard)
    return Deployment.of(sandbox)


def deploy(deployment: Deployment, *, version: int = 2, shard: int = SHARD) -> None:
    """Deploy the stage, with this version of the model's code."""
    options = ("--all", "--require-approval", "never")
    cdk(deployment, "deploy", *options, version=version, shard=shard)


def cdk(deployment: Deployment, *arguments: str, version: int = 2, shard: int = SHARD) -> None:
    """Run the CDK on the campaign's app."""
    chosen = {
        app.MODEL: str(exported(REPOSITORY) / "image"),
        app.VERSION: str(version),
        app.SHARD: str(shard),
        "CDK_VALIDATION": "false",
    }
    output = ("--output", str(deployment.sandbox.state_dir / "cdk.out"))
    deployment.run(CDK, *arguments, "--app", _APP, *output, **chosen)
