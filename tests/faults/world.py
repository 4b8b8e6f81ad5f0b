"""The sandbox of a campaign, with its stage deployed by the real ``cdk deploy``."""

from __future__ import annotations

import contextlib
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.deployment import CDK, Deployment
from tests.faults.app import MODEL, VERSION
from tests.paths import REPOSITORY
from tests.saved_models import exported
from tfbatch_sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

_APP: Final = f"{sys.executable} -m tests.faults.app"


@contextlib.contextmanager
def world() -> Iterator[Deployment]:
    """A sandbox with the campaign's stage; deleted at the end."""
    folder = Path(tempfile.mkdtemp(prefix="tfbatch-faults-"))
    try:
        with Sandbox.start(state_dir=folder / "sandbox") as sandbox:
            yield deployed(sandbox)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def deployed(sandbox: Sandbox) -> Deployment:
    """Bootstrap a sandbox and deploy the stage."""
    bare = Deployment(sandbox=sandbox, outputs={})
    bare.bootstrap()
    deploy(bare)
    return Deployment.of(sandbox)


def deploy(deployment: Deployment, *, version: int = 2) -> None:
    """Deploy the stage, with this version of the model's code."""
    cdk(deployment, "deploy", "--all", "--require-approval", "never", version=version)


def cdk(deployment: Deployment, *arguments: str, version: int = 2) -> None:
    """Run the CDK on the campaign's app."""
    model = str(exported(REPOSITORY) / "image")
    more = {MODEL: model, VERSION: str(version), "CDK_VALIDATION": "false"}
    output = ("--output", str(deployment.sandbox.state_dir / "cdk.out"))
    deployment.run(CDK, *arguments, "--app", _APP, *output, **more)
