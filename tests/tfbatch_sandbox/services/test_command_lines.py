"""The real command lines against the sandbox: ``aws`` and ``cdk``, with its variables alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from aws_cdk import App, CfnOutput, RemovalPolicy, Stack
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn

if TYPE_CHECKING:
    from tests.tfbatch_sandbox.services.conftest import Jobs, Workflows
    from tfbatch_sandbox.sandbox import Sandbox
    from tfbatch_sandbox.services.json_type import Json

_ROOT = Path(__file__).resolve().parents[3]


def _synthesize(directory: Path, word: str) -> None:
    """Write the cloud assembly of an app that says ``word``, as ``cdk synth`` would."""
    app = App(outdir=str(directory))
    stack = Stack(app, "command-line")
    bucket = s3.Bucket(
        stack,
        "Bucket",
        versioned=True,
        enforce_ssl=True,
        auto_delete_objects=True,
        removal_policy=RemovalPolicy.DESTROY,
    )
    outputs = {"word": word, "bucket": bucket.bucket_name}
    say = sfn.DefinitionBody.from_chainable(sfn.Pass.jsonata(stack, "Say", outputs=outputs))
    machine = sfn.StateMachine(stack, "Machine", definition_body=say)
    CfnOutput(stack, "BucketName", value=bucket.bucket_name)
    CfnOutput(stack, "MachineArn", value=machine.state_machine_arn)
    app.synth()


def _environment(sandbox: Sandbox) -> dict[str, str]:
    tools = [str(Path(sys.executable).parent), str(_ROOT / "node_modules/.bin"), os.environ["PATH"]]
    own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return own | sandbox.environment | {"PATH": os.pathsep.join(tools)}


def _run(sandbox: Sandbox, *command: str) -> str:
    done = subprocess.run(
        command,
        env=_environment(sandbox),
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _aws(sandbox: Sandbox, *arguments: str) -> Json:
    text = _run(sandbox, "aws", *arguments, "--output", "json")
    return json.loads(text) if text.startswith(("{", "[")) else text


class Cdk:
    """One app, deployed and destroyed by the CDK's own command line."""

    def __init__(self, sandbox: Sandbox, directory: Path) -> None:
        self.sandbox = sandbox
        self.directory = directory

    def __call__(self, *arguments: str) -> str:
        return _run(self.sandbox, "cdk", *arguments, "--app", str(self.directory / "app"))

    def deploy(self, word: str) -> dict[str, str]:
        """The outputs of the stack that says ``word``."""
        _synthesize(self.directory / "app", word)
        file = self.directory / "outputs.json"
        self("deploy", "--all", "--require-approval", "never", "--outputs-file", str(file))
        outputs: dict[str, dict[str, str]] = json.loads(file.read_text())
        return outputs["command-line"]


@pytest.fixture(scope="module")
def cdk(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Cdk:
    cdk = Cdk(sandbox, tmp_path_factory.mktemp("cdk"))
    _synthesize(cdk.directory / "app", "none")
    cdk("bootstrap")
    return cdk


def test_cdk_deploys_changes_and_destroys(cdk: Cdk, workflows: Workflows) -> None:
    first = cdk.deploy("one")
    arn = first["MachineArn"]
    _aws(cdk.sandbox, "s3", "cp", str(Path(__file__)), f"s3://{first['BucketName']}/a/b")
    assert _said(cdk.sandbox, workflows, arn) == {"word": "one", "bucket": first["BucketName"]}
    assert cdk.deploy("two") == first
    assert _said(cdk.sandbox, workflows, arn)["word"] == "two"
    cdk("destroy", "--all", "--force")
    assert first["BucketName"] not in _aws(cdk.sandbox, "s3", "ls")


def test_cdk_diff_shows_a_changed_definition_and_an_unchanged_stack_is_not_deployed(
    cdk: Cdk,
) -> None:
    cdk.deploy("one")
    assert "(no changes)" in cdk(
        "deploy", "--all", "--ci", "--force", "--require-approval", "never"
    )
    assert "There were no differences" in cdk("diff", "--ci")
    _synthesize(cdk.directory / "app", "two")
    difference = cdk("diff", "--ci")  # by change set, the CDK's default
    assert "[~] AWS::StepFunctions::StateMachine Machine" in difference
    assert "DefinitionString" in difference
    assert "requires replacement" not in difference
    cdk("destroy", "--all", "--force")


def _said(sandbox: Sandbox, workflows: Workflows, arn: str) -> Json:
    started = _aws(sandbox, "stepfunctions", "start-execution", "--state-machine-arn", arn)
    ended = workflows.end(started["executionArn"])
    return json.loads(ended["output"])


def test_the_aws_command_sees_jobs_machines_and_objects(jobs: Jobs) -> None:
    jobs.end(jobs.create("seen-by-aws"))
    described = _aws(
        jobs.sandbox, "sagemaker", "describe-transform-job", "--transform-job-name", "seen-by-aws"
    )
    assert described["TransformJobStatus"] == "Completed"
    assert "stateMachines" in _aws(jobs.sandbox, "stepfunctions", "list-state-machines")
    assert "1.jpg" in _aws(jobs.sandbox, "s3", "ls", "--recursive", "s3://stand-in/in")


def test_the_aws_command_reads_a_jobs_log(jobs: Jobs) -> None:
    logs, group = jobs.client("logs"), "/aws/sagemaker/TransformJobs"
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="job/i-1")
    now = int(time.time() * 1000)
    logs.put_log_events(
        logGroupName=group,
        logStreamName="job/i-1",
        logEvents=[{"timestamp": now, "message": "the container said this"}],
    )
    # What `aws logs tail` of the second generation asks for, too.
    found = _aws(
        jobs.sandbox,
        *("logs", "filter-log-events", "--log-group-name", group),
        *("--log-stream-name-prefix", "job/", "--interleaved"),
    )
    assert [event["message"] for event in found["events"]] == ["the container said this"]
