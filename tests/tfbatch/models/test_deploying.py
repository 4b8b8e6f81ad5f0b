"""``cdk deploy`` fetches a locked model's files once, and asks if its package is approved."""

from __future__ import annotations

import shlex
import shutil
import sys
import tarfile
from typing import TYPE_CHECKING, Any

import pytest

from tests.deployment import CDK, Deployment
from tests.tfbatch.models.app import DIRECTORY, UNAPPROVED
from tfbatch.models import pinning
from tfbatch_functions.planning import tarball

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
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


@pytest.fixture
def package(sandbox: Sandbox, saved_models: Path, tmp_path: Path) -> str:
    """The ARN of an approved package in Model Registry."""
    bare = Deployment(sandbox=sandbox, outputs={})
    s3, sagemaker = bare.client("s3"), bare.client("sagemaker")
    with tarfile.open(tmp_path / "model.tar.gz", "w:gz") as archive:
        archive.add(saved_models / "vector" / "1", "1")
    s3.create_bucket(Bucket="training")
    s3.upload_file(str(tmp_path / "model.tar.gz"), "training", "job-7/model.tar.gz")
    sagemaker.create_model_package_group(ModelPackageGroupName="approved-vectors")
    container = {"Image": "an-image", "ModelDataUrl": "s3://training/job-7/model.tar.gz"}
    made: str = sagemaker.create_model_package(
        ModelPackageGroupName="approved-vectors",
        ModelApprovalStatus="Approved",
        InferenceSpecification={
            "Containers": [container],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
    )["ModelPackageArn"]
    return made


def _deploying(
    bare: Deployment, directory: Path, out: Path, **more: str
) -> Callable[[], subprocess.CompletedProcess[str]]:
    def deploy() -> subprocess.CompletedProcess[str]:
        return bare.call(
            *(CDK, "deploy", *_APP, "--output", str(out)), **{DIRECTORY: str(directory)}, **more
        )

    return deploy


def test_a_package_whose_approval_was_withdrawn_stops_a_deployment(
    sandbox: Sandbox, package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in sandbox.environment.items():
        monkeypatch.setenv(name, value)
    directory, bare = tmp_path / "models" / "vector", Deployment(sandbox=sandbox, outputs={})
    pinning.pin(directory, package)
    bare.bootstrap()
    deploy = _deploying(bare, directory, tmp_path / "out")
    assert deploy().returncode == 0

    def reject(status: Any) -> None:  # noqa: ANN401 # one of an enumeration
        bare.client("sagemaker").update_model_package(
            ModelPackageArn=package, ModelApprovalStatus=status, ApprovalDescription="it drifts"
        )

    reject("Rejected")
    refused = deploy()  # nothing has changed, and nothing need be fetched
    assert refused.returncode == 1
    assert f"vector: {package} is Rejected (it drifts)" in refused.stdout + refused.stderr
    assert "set needs_approval=False in its Model" in refused.stdout + refused.stderr
    assert _deploying(bare, directory, tmp_path / "out", **{UNAPPROVED: "1"})().returncode == 0
    reject("Approved")
    assert deploy().returncode == 0


def test_a_synthesis_asks_no_registry(
    sandbox: Sandbox, package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in sandbox.environment.items():
        monkeypatch.setenv(name, value)
    directory = tmp_path / "models" / "vector"
    pinning.pin(directory, package)
    nowhere = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    Deployment(sandbox=sandbox, outputs={}).run(
        *(CDK, "synth", "--quiet", *_APP[:2], "--output", str(tmp_path / "out")),
        **nowhere,
        **{DIRECTORY: str(directory)},
    )
