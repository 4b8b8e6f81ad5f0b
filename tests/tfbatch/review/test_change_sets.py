"""A review of deployed stacks asks CloudFormation, by a change set that it always deletes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import boto3
import pytest

from tests.deployment import Deployment
from tests.executions import failing
from tests.tfbatch.review.projects import Project, plain
from tests.tfbatch_sandbox.roles import allow, make_role
from tfbatch.review import deployment
from tfbatch.review.compare.locks import Locks
from tfbatch.review.finding import Severity
from tfbatch.review.request import Request
from tfbatch.review.sides.assembly import stage_of
from tfbatch.review.sides.deployed import change_sets
from tfbatch.review.sides.loading import Side
from tfbatch.review.sides.packages import sides as packages
from tfbatch.review.sides.stacks import Stack
from tfbatch_sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tfbatch.review.finding import Finding
    from tfbatch.review.review import Review

Template = dict[str, Any]
PROGRAM = (sys.executable, "-P", "-m", "tfbatch")
INTERRUPTED = 130
TOPIC = {"Type": "AWS::SNS::Topic"}
ROLE = (
    "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/"
    "cdk-hnb659fds-%s-role-${AWS::AccountId}-${AWS::Region}"
)
BOOTSTRAPPED = {
    "assumeRoleArn": ROLE % "deploy",
    "cloudFormationExecutionRoleArn": ROLE % "cfn-exec",
}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox.start(state_dir=tmp_path_factory.mktemp("sandbox")) as started:
        Deployment(sandbox=started, outputs={}).bootstrap()
        yield started


@dataclass(kw_only=True)
class Change:
    """A deployed stack, and its review."""

    name: str
    folder: Path
    settings: Mapping[str, Any] = field(default_factory=dict)

    def deploy(self, template: Template) -> None:
        client = boto3.client("cloudformation")
        client.create_stack(StackName=self.name, TemplateBody=json.dumps(template))
        client.get_waiter("stack_create_complete").wait(StackName=self.name)
        self.deployed = template

    def review(self, template: Template, *, leaves: int = 0, **request: Any) -> Review:  # noqa: ANN401
        """The review of another template for the stack.

        Args:
            template: what is reviewed.
            leaves: how many change sets it leaves in the account.
            request: more of the request.
        """
        asked = Request(repository=self.folder, base="main", deployed=True, **request)
        base, head = self._side(self.deployed), self._side(template)
        try:
            return deployment.review(asked, base, head)
        finally:
            session = boto3.Session("sandbox", "sandbox", region_name="us-east-1")
            client = session.client("cloudformation")
            assert len(client.list_change_sets(StackName=self.name)["Summaries"]) == leaves
            s3 = session.client("s3")
            for bucket in s3.list_buckets()["Buckets"]:
                found = s3.list_objects_v2(Bucket=bucket["Name"], Prefix="tfbatch-review/")
                assert not found["KeyCount"]

    def _side(self, template: Template) -> Side:
        stack = Stack(
            deployed_name=self.name,
            template=template,
            folder=self.folder,
            file=self.name,
            settings=self.settings,
        )
        stage = stage_of("dev", {self.name: stack})
        locks = Locks(packages=packages.parse("requirements/all.lock", ""), models={})
        return Side(name="side", folder=self.folder, stages=[stage], locks=locks)


@pytest.fixture
def change(
    sandbox: Sandbox,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> Change:
    for name, value in sandbox.environment.items():
        monkeypatch.setenv(name, value)
    name = request.node.name.replace("_", "-").replace("[", "-").replace("]", "")
    return Change(name=name, folder=tmp_path)


def found(review: Review, rule: str) -> Finding:
    (one,) = [finding for finding in review.findings if finding.rule == rule]
    return one


def conditional(*, holds: bool, **bucket: Any) -> Template:  # noqa: ANN401 # JSON
    """A bucket, and a condition that only CloudFormation evaluates."""
    return {
        "Conditions": {"Holds": {"Fn::Equals": ["a", "a" if holds else "b"]}},
        "Resources": {"Topic": TOPIC, "Data": {"Type": "AWS::S3::Bucket", **bucket}},
    }


def test_what_cloudformation_replaces_counts_where_the_templates_show_nothing(
    change: Change,
) -> None:
    name = {"BucketName": {"Fn::If": ["Holds", "one-name", "another-name"]}}
    change.deploy(conditional(holds=True, Properties=name))
    after = conditional(holds=False, Properties=name)
    without = change.review(after, change_set="never")
    assert without.severity is Severity.ATTENTION
    review = change.review(after)
    assert review.severity is Severity.DESTRUCTIVE
    lost = found(review, "stateful-replaced")
    assert lost.title == "Bucket Data is replaced by a new, empty one, and its data is deleted"
    assert lost.rows == (("BucketName", "one-name", "another-name"),)
    assert found(review, "replacement-differs").rows == (("bucket Data", "stays", "is replaced"),)


def test_a_property_that_a_condition_changes_is_judged_by_its_value(change: Change) -> None:
    names = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    block = {"Fn::If": ["Holds", dict.fromkeys(names, True), dict.fromkeys(names, False)]}
    properties = {"PublicAccessBlockConfiguration": block}
    change.deploy(conditional(holds=True, Properties=properties))
    public = found(change.review(conditional(holds=False, Properties=properties)), "bucket-public")
    assert public.subject == "Data"
    assert ("PublicAccessBlockConfiguration.BlockPublicPolicy", "yes", "no") in public.rows


@pytest.mark.parametrize(
    ("policy", "severity"), [("Delete", Severity.DESTRUCTIVE), ("Retain", Severity.ATTENTION)]
)
def test_a_resource_whose_condition_no_longer_holds_is_removed(
    change: Change, policy: str, severity: Severity
) -> None:
    data = {"Condition": "Holds", "DeletionPolicy": policy}
    change.deploy(conditional(holds=True, **data))
    removed = found(change.review(conditional(holds=False, **data)), "condition-removes")
    assert (removed.severity, removed.subject) == (severity, "Data")


def test_a_change_set_without_changes_makes_nothing_milder(change: Change) -> None:
    def named(name: object) -> Template:
        data = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name}}
        return {"Resources": {"Data": data}}

    change.deploy(named("the-same-name"))
    review = change.review(named({"Fn::Join": ["-", ["the-same", "name"]]}))
    assert review.severity is Severity.DESTRUCTIVE
    differing = found(review, "replacement-differs")
    assert differing.rows == (("bucket Data", "is replaced", "stays"),)
    assert differing.severity is Severity.FINE


def test_what_identifies_a_resource_that_changes_in_place_replaces_nothing(
    change: Change,
) -> None:
    def queue(seconds: int) -> Template:
        endpoint = {"Fn::GetAtt": ["Queue", "Arn"]}
        subscription = {"TopicArn": {"Ref": "Topic"}, "Protocol": "sqs", "Endpoint": endpoint}
        timeout = {"VisibilityTimeout": seconds}
        return {
            "Resources": {
                "Topic": TOPIC,
                "Queue": {"Type": "AWS::SQS::Queue", "Properties": timeout},
                "Subscription": {"Type": "AWS::SNS::Subscription", "Properties": subscription},
            }
        }

    change.deploy(queue(30))
    rules = {finding.rule for finding in change.review(queue(60)).findings}
    assert rules >= {"unknown-change", "change-set-agrees"}
    assert not rules & {"replacement-differs", "resource-replaced"}


def test_what_cloudformation_refuses_will_fail(change: Change) -> None:
    change.deploy({"Resources": {"Topic": TOPIC}})
    missing = {"Name": {"Value": {"Fn::ImportValue": "not-there"}}}
    review = change.review({"Resources": {"Topic": TOPIC}, "Outputs": missing})
    assert "No export named not-there found" in found(review, "deployment-fails").why


def large(note: str) -> Template:
    """A template that a request can't hold."""
    return {
        "Resources": {"Topic": TOPIC},
        "Metadata": {"Note": note * 60_000},
        "Outputs": {"Note": {"Value": note}},
    }


def publish(change: Change) -> None:
    """The list of assets that the CDK writes beside the template."""
    place = {
        "bucketName": "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}",
        "objectKey": "not-used.json",
        "assumeRoleArn": ROLE % "file-publishing",
    }
    file = {
        "source": {"path": f"{change.name}.template.json", "packaging": "file"},
        "destinations": {"here": place},
    }
    listed = change.folder / f"{change.name}.assets.json"
    listed.write_text(json.dumps({"version": "36.0.0", "files": {"digest": file}}))


def test_a_large_template_goes_by_the_bucket_of_the_bootstrap(change: Change) -> None:
    change.settings = BOOTSTRAPPED
    publish(change)
    change.deploy({"Resources": {"Topic": TOPIC}})
    rules = {finding.rule for finding in change.review(large("n")).findings}
    assert "change-set-agrees" in rules


def test_without_a_bootstrap_a_large_template_needs_attention(change: Change) -> None:
    change.deploy({"Resources": {"Topic": TOPIC}})
    said = found(change.review(large("n")), "change-set-not-made")
    assert said.severity is Severity.ATTENTION
    assert "more than 51,200 bytes, and the app names no bucket" in said.why


def test_without_the_permission_the_review_says_so(
    change: Change, monkeypatch: pytest.MonkeyPatch
) -> None:
    change.settings = BOOTSTRAPPED
    change.deploy({"Resources": {"Topic": TOPIC}})
    account = {"AWS": "123456789012"}
    reading = allow("cloudformation:Describe*", "cloudformation:Get*", on="*")
    drifting = allow("cloudformation:DetectStackDrift", "sns:*", on="*")
    role = make_role(boto3.client("iam"), "reviewer", account, reading, drifting)
    given = boto3.client("sts").assume_role(RoleArn=role, RoleSessionName="reviewer")["Credentials"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", given["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", given["SecretAccessKey"])
    monkeypatch.setenv("AWS_SESSION_TOKEN", given["SessionToken"])
    outputs = {"Name": {"Value": "new"}}
    review = change.review({"Resources": {"Topic": TOPIC}, "Outputs": outputs})
    said = found(review, "change-set-not-made")
    assert said.severity is Severity.ATTENTION
    assert "cloudformation:CreateChangeSet" in said.why.partition("It needs")[0]


def of_topics(*names: str) -> dict[str, str]:
    """The files of a CDK app with a stack ``data`` of topics in the sandbox's account."""
    files = plain(*names)
    for old, new in (
        ("111122223333/eu-west-1", "123456789012/us-east-1"),
        ("AWS::DynamoDB::Table", "AWS::SNS::Topic"),
    ):
        files["app.py"] = files["app.py"].replace(old, new)
    return files


def test_ctrl_c_leaves_no_change_set(sandbox: Sandbox, tmp_path: Path) -> None:
    project = Project.make(tmp_path / "project", of_topics("One"))
    project.commit("head", of_topics("One", "Two"))
    session = boto3.Session("sandbox", "sandbox", region_name=sandbox.region)
    client = session.client("cloudformation", endpoint_url=sandbox.endpoint_url)
    client.create_stack(StackName="data", TemplateBody=json.dumps({"Resources": {"One": TOPIC}}))
    busy = failing("cloudformation:DescribeChangeSet", "ThrottlingException", status=400)
    sandbox.faults(requests=[busy | {"times": 1_000}])  # so it tries again for a while
    command = [*PROGRAM, "review", "--base", "base", "--head", "head", "--deployed"]
    environment = os.environ | dict(sandbox.environment)
    with subprocess.Popen(
        command, cwd=project.path, env=environment, stderr=subprocess.PIPE, text=True
    ) as running:
        while not (made := client.list_change_sets(StackName="data")["Summaries"]):
            assert running.poll() is None, running.communicate()
            time.sleep(0.05)
        running.send_signal(signal.SIGINT)
        assert running.wait(timeout=60) == INTERRUPTED
    sandbox.faults(requests=[])
    assert "tfbatch review of head" in made[0]["Description"]
    assert not client.list_change_sets(StackName="data")["Summaries"]


def test_a_change_set_that_is_still_being_made_is_deleted_later(
    change: Change, sandbox: Sandbox
) -> None:
    change.deploy({"Resources": {"Topic": TOPIC}})
    busy = failing("cloudformation:DeleteChangeSet", "InvalidChangeSetStatus", status=400)
    sandbox.faults(requests=[busy | {"times": 2}])
    change.review({"Resources": {"Topic": TOPIC}, "Outputs": {"Name": {"Value": "new"}}})


def test_who_may_not_delete_a_change_set_is_told_its_name(
    change: Change, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    change.deploy({"Resources": {"Topic": TOPIC}})
    denied = failing("cloudformation:DeleteChangeSet", "AccessDeniedException", status=403)
    sandbox.faults(requests=[denied | {"times": 1}])
    outputs = {"Name": {"Value": "new"}}
    change.review({"Resources": {"Topic": TOPIC}, "Outputs": outputs}, leaves=1)
    said = capsys.readouterr().err
    assert f"aws cloudformation delete-change-set --stack-name {change.name} " in said
    assert "--change-set-name tfbatch-review-" in said


@pytest.mark.parametrize("how", ["never", "elsewhere"])
def test_where_no_change_set_is_wanted_none_is_made(
    change: Change, how: Literal["never", "elsewhere"], monkeypatch: pytest.MonkeyPatch
) -> None:
    change.deploy({"Resources": {"Topic": TOPIC}})
    monkeypatch.delattr(change_sets, "plan")
    asked: Any = {"change_set": "never"} if how == "never" else {"head_assembly": change.folder}
    outputs = {"Name": {"Value": "new"}}
    review = change.review({"Resources": {"Topic": TOPIC}, "Outputs": outputs}, **asked)
    assert found(review, "templates-only").title.startswith("Only templates were compared: ")
