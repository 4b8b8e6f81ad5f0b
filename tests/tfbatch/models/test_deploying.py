"""``cdk deploy`` of a model whose lock alone is there fetches its files, once."""

from __future__ import annotations

import shlex
import shutil
import sys
from typing import TYPE_CHECKING

from tests.deployment import CDK, Deployment
from tests.tfbatch.models.app import DIRECTORY
from tfbatch.models import pinning
from tfbatch_functions.planning import tarball

if TYPE_CHECKING:
    from pathlib import Path

    from tfbatch_sandbox.sandbox import Sandbox

_APP = ("--app", f"{sys.executable} -m tests.tfbatch.models.app", "--require-approval", "never")


def test_a_deployment_fetches_what_is_missing_and_says_so(
    sandbox: Sandbox, saved_models: Path, tmp_path: Path
) -> None:
    directory = tmp_path / "models" / "vector"
    pinning.pin(directory, str(saved_models / "vector"))
    shutil.rmtree(directory)
    bare = Deployment(sandbox=sandbox, outputs={})
    bare.bootstrap()
    more = {DIRECTORY: str(directory), "NO_COLOR": "1"}
    deploy = shlex.join((CDK, "deploy", *_APP, "--output", str(tmp_path / "out")))
    said = bare.run("sh", "-c", f"{deploy} 2>&1", **more)
    assert "vector is not on this machine. A deployment fetches 4 files" in said
    assert f"from {saved_models / 'vector'}" in said

    deployed = Deployment.of(sandbox, stacks="one-model")
    bucket, _, key = deployed.outputs["Artifact"].removeprefix("s3://").partition("/")
    body = deployed.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    assert tarball.digest([body]) == deployed.outputs["Digest"]
    assert (directory / "2" / "saved_model.pb").is_file()

    again = bare.run("sh", "-c", f"{deploy} 2>&1", **more)
    assert "(no changes)" in again
    assert "not on this machine" not in again
