from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

import tfbatch_functions
from tests.tfbatch_functions.conftest import Event, World, plan_event
from tests.tfbatch_sandbox.roles import allow, make_role

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_s3 import S3Client

FUNCTIONS = Path(tfbatch_functions.__file__).parent


def _archive() -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        for path in sorted(FUNCTIONS.rglob("*.py")):
            handler = path.parent.name == "handlers"
            name = path.name if handler else path.relative_to(FUNCTIONS.parent)
            zipped.write(path, name)
    return archive.getvalue()


def test_the_folder_alone_is_all_that_the_functions_need(tmp_path: Path) -> None:
    """As a zip, imported by a Python that knows boto3 and nothing of this project."""
    archive = tmp_path / "functions.zip"
    archive.write_bytes(_archive())
    packages = str(Path(boto3.__file__).parent.parent)
    program = f"""
import sys
sys.path[:0] = [{str(archive)!r}]
sys.path.append({packages!r})
import plan, reconcile, summarize
ours = {{"stacks", "tfbatch_cdk", "tfbatch_sandbox", "tfbatch", "tfbatch_handler"}}
ours = sorted(ours & set(sys.modules))
print(all(callable(module.handler) for module in (plan, reconcile, summarize)), ours)
"""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "True []\n", done.stderr


@pytest.fixture
def invoke(s3: S3Client) -> Callable[[Event], Event]:
    """The planning function in Lambda."""
    client: Any = boto3.client("lambda", endpoint_url=s3.meta.endpoint_url)
    iam: Any = boto3.client("iam", endpoint_url=s3.meta.endpoint_url)
    role = make_role(iam, "plan", {"Service": "lambda.amazonaws.com"}, allow("*", on="*"))
    client.create_function(
        FunctionName="plan",
        Role=role,
        Runtime="python3.13",
        Handler="plan.handler",
        Code={"ZipFile": _archive()},
        Timeout=60,
    )

    def call(event: Event) -> Event:
        reply = client.invoke(FunctionName="plan", Payload=json.dumps(event))
        found: Event = json.loads(reply["Payload"].read())
        return found

    return call


def test_in_lambda_a_refusal_s_name_is_the_error_s(
    world: World, invoke: Callable[[Event], Event]
) -> None:
    refused = invoke(plan_event(world.run))
    assert refused["errorType"] == "EmptyInput"
    assert "Nothing lies under" in refused["errorMessage"]
    world.upload({"a.jpg": b"1"})
    assert invoke(plan_event(world.run))["plan"]["objects"] == 1
