"""Calls made as a role are refused what its policies do not allow, in AWS's words."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.tfbatch_sandbox.roles import allow, document, make_role, trust

if TYPE_CHECKING:
    from tfbatch_sandbox.sandbox import Sandbox
    from tfbatch_sandbox.services.json_type import Json

ACCOUNT = "arn:aws:iam::123456789012:root"
NAME = "enforced-photos"


@dataclass(frozen=True)
class People:
    """Roles that people take, and clients that call as them."""

    sandbox: Sandbox

    def client(self, service: str, **credentials: str) -> Json:
        keys = credentials or {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
        return boto3.client(  # type: ignore[call-overload]
            service,
            endpoint_url=self.sandbox.endpoint_url,
            region_name=self.sandbox.region,
            **keys,
        )

    def role(self, name: str, *statements: Json, **more: str) -> str:
        """A role that anyone of the account may take; its ARN."""
        return make_role(self.client("iam"), name, {"AWS": ACCOUNT}, *statements, **more)

    def acting_as(self, role: str, service: str, **session: str) -> Json:
        """A client that calls as a role."""
        taken = self.client("sts").assume_role(RoleArn=role, RoleSessionName="me", **session)
        keys = taken["Credentials"]
        return self.client(
            service,
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
        )


@pytest.fixture(scope="session")
def people(sandbox: Sandbox) -> People:
    made = People(sandbox)
    s3 = made.client("s3")
    s3.create_bucket(Bucket=NAME)
    s3.put_object(Bucket=NAME, Key="in/a.jpg", Body=b"a")
    return made


def refusal(call: Any, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401 - a client's method
    """The error of a call that must be refused."""
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    error: dict[str, Any] = dict(refused.value.response["Error"])
    return error | {"Status": refused.value.response["ResponseMetadata"]["HTTPStatusCode"]}


def test_s3_refuses_what_no_policy_allows(people: People) -> None:
    s3 = people.acting_as(people.role("nobody"), "s3")
    assert refusal(s3.get_object, Bucket=NAME, Key="in/a.jpg") == {
        "Code": "AccessDenied",
        "Message": "User: arn:aws:sts::123456789012:assumed-role/nobody/me is not authorized to "
        f'perform: s3:GetObject on resource: "arn:aws:s3:::{NAME}/in/a.jpg" because no '
        "identity-based policy allows the s3:GetObject action",
        "Status": 403,
    }
    assert refusal(s3.head_object, Bucket=NAME, Key="in/a.jpg")["Status"] == 403
    assert refusal(s3.list_objects_v2, Bucket=NAME)["Code"] == "AccessDenied"


@pytest.mark.parametrize(
    ("call", "arguments", "code", "says"),
    [
        (
            "sagemaker.stop_transform_job",
            {"TransformJobName": "j"},
            "AccessDeniedException",
            "sagemaker:StopTransformJob on resource: arn:aws:sagemaker:HERE:transform-job/j",
        ),
        (
            "sns.publish",
            {"TopicArn": "arn:aws:sns:us-east-1:123456789012:t", "Message": "m"},
            "AuthorizationError",
            "SNS:Publish on resource: arn:aws:sns:HERE:t because",
        ),
        (
            "lambda.invoke",
            {"FunctionName": "f"},
            "AccessDeniedException",
            "lambda:InvokeFunction on resource: arn:aws:lambda:HERE:function:f because",
        ),
        (
            "events.put_events",
            {"Entries": [{"Source": "s", "DetailType": "d", "Detail": "{}"}]},
            "AccessDeniedException",
            "events:PutEvents on resource: arn:aws:events:HERE:event-bus/default because",
        ),
        (
            "logs.create_log_group",
            {"logGroupName": "/g"},
            "AccessDeniedException",
            "arn:aws:logs:HERE:log-group:/g:log-stream: because",
        ),
        (
            "cloudwatch.put_metric_data",
            {"Namespace": "n", "MetricData": [{"MetricName": "m", "Value": 1}]},
            "AccessDenied",
            "cloudwatch:PutMetricData because no identity-based policy",
        ),
    ],
)
def test_each_service_refuses_with_its_own_code(
    people: People, call: str, arguments: Json, code: str, says: str
) -> None:
    service, _, method = call.partition(".")
    client = people.acting_as(people.role(f"nobody-{service}"), service)
    error = refusal(getattr(client, method), **arguments)
    assert error["Code"] == code
    assert says.replace("HERE", "us-east-1:123456789012") in error["Message"]


def test_only_who_may_list_a_bucket_is_told_that_an_object_is_not_there(people: People) -> None:
    get = allow("s3:GetObject", on=f"arn:aws:s3:::{NAME}/*")
    role = people.role("reader", get)
    s3 = people.acting_as(role, "s3")
    assert s3.get_object(Bucket=NAME, Key="in/a.jpg")["Body"].read() == b"a"
    missing = refusal(s3.get_object, Bucket=NAME, Key="no")
    assert "s3:ListBucket" in missing["Message"]
    make_role(
        people.client("iam"),
        "reader",
        {"AWS": ACCOUNT},
        get,
        allow("s3:ListBucket", on=f"arn:aws:s3:::{NAME}"),
    )
    assert refusal(s3.get_object, Bucket=NAME, Key="no")["Code"] == "NoSuchKey"


def test_conditions_on_a_listing_are_weighed(people: People) -> None:
    only_in = allow("s3:ListBucket", on="*") | {"Condition": {"StringLike": {"s3:prefix": "in/*"}}}
    s3 = people.acting_as(people.role("lister", only_in), "s3")
    assert s3.list_objects_v2(Bucket=NAME, Prefix="in/")["KeyCount"] == 1
    assert refusal(s3.list_objects_v2, Bucket=NAME, Prefix="out/")["Code"] == "AccessDenied"


def test_a_buckets_policy_denies_even_who_owns_the_account(people: People) -> None:
    s3 = people.client("s3")
    name = "enforced-encrypted"
    s3.create_bucket(Bucket=name)
    deny: Json = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{name}/*",
        "Condition": {"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}},
    }
    s3.put_bucket_policy(Bucket=name, Policy=document(deny))
    refused = refusal(s3.put_object, Bucket=name, Key="k", Body=b"")
    assert refused["Message"].endswith("with an explicit deny in a resource-based policy")
    s3.put_object(Bucket=name, Key="k", Body=b"", ServerSideEncryption="aws:kms")


def test_objects_under_a_key_of_the_accounts_need_the_key_too(people: People) -> None:
    kms, s3 = people.client("kms"), people.client("s3")
    all_s3 = allow("s3:*", on="*")
    role = people.role("keyless", all_s3)
    key = kms.create_key()["KeyMetadata"]["Arn"]
    s3.create_bucket(Bucket="enforced-kms")
    s3.put_bucket_encryption(
        Bucket="enforced-kms",
        ServerSideEncryptionConfiguration={
            "Rules": [
                {
                    "ApplyServerSideEncryptionByDefault": {
                        "SSEAlgorithm": "aws:kms",
                        "KMSMasterKeyID": key,
                    }
                }
            ]
        },
    )
    s3.put_object(Bucket="enforced-kms", Key="k", Body=b"secret")
    as_role = people.acting_as(role, "s3")
    assert "kms:Decrypt" in refusal(as_role.get_object, Bucket="enforced-kms", Key="k")["Message"]
    refused = refusal(as_role.put_object, Bucket="enforced-kms", Key="k2", Body=b"")
    assert f"kms:GenerateDataKey on resource: {key}" in refused["Message"]
    only_via_s3 = allow("kms:Decrypt", "kms:GenerateDataKey", on=key) | {
        "Condition": {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}
    }
    make_role(people.client("iam"), "keyless", {"AWS": ACCOUNT}, all_s3, only_via_s3)
    assert as_role.get_object(Bucket="enforced-kms", Key="k")["Body"].read() == b"secret"


def test_each_object_of_a_deletion_is_asked_for(people: People) -> None:
    s3 = people.client("s3")
    s3.put_object(Bucket=NAME, Key="keep/1", Body=b"")
    role = people.role("deleter", allow("s3:DeleteObject", on=f"arn:aws:s3:::{NAME}/drop/*"))
    as_role = people.acting_as(role, "s3")
    answer = as_role.delete_objects(Bucket=NAME, Delete={"Objects": [{"Key": "keep/1"}]})
    assert answer["Errors"][0]["Code"] == "AccessDenied"
    s3.put_object(Bucket=NAME, Key="drop/1", Body=b"")
    answer = as_role.delete_objects(Bucket=NAME, Delete={"Objects": [{"Key": "drop/1"}]})
    assert [each["Key"] for each in answer["Deleted"]] == ["drop/1"]


def test_boundaries_and_session_policies_narrow_a_role(people: People) -> None:
    iam = people.client("iam")
    boundary = iam.create_policy(
        PolicyName="only-sns", PolicyDocument=document(allow("sns:*", on="*"))
    )["Policy"]["Arn"]
    bounded = people.role("bounded", allow("s3:*", on="*"), PermissionsBoundary=boundary)
    refused = refusal(people.acting_as(bounded, "s3").list_objects_v2, Bucket=NAME)
    assert "because no permissions boundary allows the s3:ListBucket action" in refused["Message"]
    free = people.role("free", allow("s3:*", on="*"))
    narrowed = people.acting_as(free, "s3", Policy=document(allow("s3:GetObject", on="*")))
    assert "no session policy allows" in refusal(narrowed.list_buckets)["Message"]


def test_users_of_iam_are_held_to_their_policies_too(people: People) -> None:
    iam = people.client("iam")
    iam.create_user(UserName="ann")
    iam.put_user_policy(
        UserName="ann",
        PolicyName="own",
        PolicyDocument=document(allow("s3:ListBucket", on="*")),
    )
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    s3 = people.client(
        "s3",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )
    assert s3.list_objects_v2(Bucket=NAME)["KeyCount"]
    refused = refusal(s3.get_object, Bucket=NAME, Key="in/a.jpg")
    assert refused["Message"].startswith("User: arn:aws:iam::123456789012:user/ann is not")


def test_a_role_is_taken_only_by_whom_it_trusts(people: People) -> None:
    role = make_role(people.client("iam"), "for-lambda", {"Service": "lambda.amazonaws.com"})
    refused = refusal(people.client("sts").assume_role, RoleArn=role, RoleSessionName="xx")
    assert refused["Code"] == "AccessDenied"
    assert f"not authorized to perform: sts:AssumeRole on resource: {role}" in refused["Message"]


def test_handing_a_role_to_a_service_takes_leave_to_pass_it(people: People) -> None:
    execution = make_role(people.client("iam"), "passed", {"Service": "sagemaker.amazonaws.com"})
    create = allow("sagemaker:CreateModel", on="*")
    to_lambda = allow("iam:PassRole", on=execution) | {
        "Condition": {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    }
    sagemaker = people.acting_as(people.role("deployer", create, to_lambda), "sagemaker")
    refused = refusal(sagemaker.create_model, ModelName="m", ExecutionRoleArn=execution)
    assert f"iam:PassRole on resource: {execution} because no" in refused["Message"]


def test_a_state_machine_calls_as_its_role(people: People) -> None:
    sfn, iam = people.client("stepfunctions"), people.client("iam")
    states: Json = {
        "StartAt": "Read",
        "QueryLanguage": "JSONata",
        "States": {
            "Read": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:s3:getObject",
                "Arguments": {"Bucket": NAME, "Key": "in/a.jpg"},
                "End": True,
            }
        },
    }
    role = make_role(iam, "reading-machine", {"Service": "states.amazonaws.com"})
    machine = sfn.create_state_machine(name="reading", definition=json.dumps(states), roleArn=role)[
        "stateMachineArn"
    ]
    refused = _ended(sfn, machine)
    assert refused["error"].startswith("S3.")
    assert "assumed-role/reading-machine/" in refused["cause"]
    make_role(
        iam, "reading-machine", {"Service": "states.amazonaws.com"}, allow("s3:GetObject", on="*")
    )
    assert _ended(sfn, machine)["status"] == "SUCCEEDED"


@pytest.mark.parametrize(
    ("name", "service", "says"),
    [
        ("sync-machine", "states.amazonaws.com", "is not authorized to create managed-rule"),
        ("not-for-states", "lambda.amazonaws.com", "is authorized to assume the provided role"),
    ],
)
def test_a_state_machine_whose_role_can_not_do_is_not_made(
    people: People, name: str, service: str, says: str
) -> None:
    role = make_role(people.client("iam"), name, {"Service": service})
    task: Json = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sagemaker:createTransformJob.sync",
        "Arguments": {},
        "End": True,
    }
    states = {"StartAt": "T", "QueryLanguage": "JSONata", "States": {"T": task}}
    sfn = people.client("stepfunctions")
    error = refusal(
        sfn.create_state_machine, name=name, definition=json.dumps(states), roleArn=role
    )
    assert error["Code"] == "AccessDeniedException"
    assert says in error["Message"]
    assert name not in [each["name"] for each in sfn.list_state_machines()["stateMachines"]]


def test_a_trust_policy_may_ask_for_the_source(people: People) -> None:
    sfn, iam = people.client("stepfunctions"), people.client("iam")
    states = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}

    def create(name: str, account: str) -> str:
        role = make_role(iam, name, {"Service": "states.amazonaws.com"})
        condition = {"StringEquals": {"aws:SourceAccount": account}}
        trusting = trust({"Service": "states.amazonaws.com"}, condition)
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=trusting)
        made = sfn.create_state_machine(name=name, definition=json.dumps(states), roleArn=role)
        return str(made["stateMachineArn"])

    assert create("ours", "123456789012")
    with pytest.raises(ClientError, match="authorized to assume the provided role"):
        create("theirs", "999999999999")


def test_what_was_asked_as_a_role_is_on_record(people: People) -> None:
    role = people.role("recorded", allow("s3:GetObject", on="*"))
    s3 = people.acting_as(role, "s3")
    s3.get_object(Bucket=NAME, Key="in/a.jpg")
    refusal(s3.list_objects_v2, Bucket=NAME)
    uses = [use for use in people.sandbox.authorizations() if use["role"] == role]
    assert uses == [
        {
            "role": role,
            "action": "s3:GetObject",
            "allowed": True,
            "count": 1,
            "resources": [f"arn:aws:s3:::{NAME}/in/a.jpg"],
            "statements": [{"policy": "own", "place": 0}],
        },
        {
            "role": role,
            "action": "s3:ListBucket",
            "allowed": False,
            "count": 1,
            "resources": [f"arn:aws:s3:::{NAME}"],
            "statements": [],
        },
    ]


def _ended(sfn: Json, machine: str) -> Json:
    arn = sfn.start_execution(stateMachineArn=machine)["executionArn"]
    while (ended := sfn.describe_execution(executionArn=arn))["status"] == "RUNNING":
        time.sleep(0.05)
    return ended


def test_a_deleted_object_of_a_versioned_bucket_is_missing(people: People) -> None:
    s3 = people.client("s3")
    s3.create_bucket(Bucket="enforced-versions")
    s3.put_bucket_versioning(
        Bucket="enforced-versions", VersioningConfiguration={"Status": "Enabled"}
    )
    first = s3.put_object(Bucket="enforced-versions", Key="a", Body=b"a")["VersionId"]
    s3.delete_object(Bucket="enforced-versions", Key="a")
    with pytest.raises(ClientError, match="NoSuchKey"):
        s3.get_object(Bucket="enforced-versions", Key="a")
    with pytest.raises(ClientError, match="404"):
        s3.head_object(Bucket="enforced-versions", Key="a")
    old = s3.get_object(Bucket="enforced-versions", Key="a", VersionId=first)
    assert old["Body"].read() == b"a"


def test_a_policy_that_is_no_policy_denies(people: People) -> None:
    kms = people.client("kms")
    key = kms.create_key(Policy="not a policy")["KeyMetadata"]["KeyId"]
    with pytest.raises(ClientError, match=r"AccessDenied.*(malformed|no resource-based policy)"):
        kms.describe_key(KeyId=key)
