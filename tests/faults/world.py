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


def deploy(deployment: Deployment, **app_settings: int) -> None:
    """Deploy the stage. Arguments: see :func:`cdk`."""
    cdk(deployment, "deploy", "--all", "--require-approval", "never", **app_settings)


def cdk(
    deployment: Deployment, *arguments: str, version: int | None = None, shard: int = SHARD
) -> None:
    """Run the CDK on the campaign's app.

    Args:
        deployment: into a sandbox.
        arguments: the command.
        version: of the model's code; ``None``: what was deployed last, without a synthesis.
        shard: objects of a shard.
    """
    assembly = deployment.sandbox.state_dir / "cdk.out"
    if version is None and assembly.exists():
        deployment.run(CDK, *arguments, "--app", str(assembly))
        return
    chosen = {
        app.MODEL: str(exported(REPOSITORY) / "image"),
        app.VERSION: str(version or 2),
        app.SHARD: str(shard),
        "CDK_VALIDATION": "false",
    }
    deployment.run(CDK, *arguments, "--app", _APP, "--output", str(assembly), **chosen)
