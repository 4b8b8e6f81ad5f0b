"""Stacks of models, state machines and buckets, through change sets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_stepfunctions import SFNClient

    from tfbatch_sandbox.sandbox import Sandbox
    from tfbatch_sandbox.services.json_type import Json

BUCKET = {
    "Type": "AWS::S3::Bucket",
    "Properties": {
        "VersioningConfiguration": {"Status": "Enabled"},
        "PublicAccessBlockConfiguration": {"BlockPublicAcls": True, "IgnorePublicAcls": True},
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        "LifecycleConfiguration": {
            "Rules": [
                {
                    "Id": "old",
                    "Status": "Enabled",
                    "ExpirationInDays": 30,
                    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
                }
            ]
        },
    },
}
POLICY = {
    "Type": "AWS::S3::BucketPolicy",
    "Properties": {
        "Bucket": {"Ref": "Bucket"},
        "PolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Deny",
                    "Principal": {"AWS": "*"},
                    "Action": "s3:*",
                    "Resource": "*",
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                }
            ],
        },
    },
}


def _model(key: str) -> Json:
    return {
        "Type": "AWS::SageMaker::Model",
        "Properties": {
            "ExecutionRoleArn": "arn:aws:iam::123456789012:role/models",
            "EnableNetworkIsolation": True,
            "VpcConfig": {"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
            "PrimaryContainer": {
                "Image": {
                    "Fn::Sub": [
                        "${account}.dkr.ecr.${AWS::Region}.amazonaws.com/image:tag",
                        {"account": {"Fn::FindInMap": ["Accounts", {"Ref": "AWS::Region"}, "id"]}},
                    ]
                },
                "ModelDataUrl": f"s3://stack-models/{key}",
                "Environment": {"SETTING": '{"a": "b"}'},
            },
        },
    }


def _workflow() -> Json:
    text = [
        '{"QueryLanguage":"JSONata","StartAt":"A","States":{"A":{"Type":"Pass","End":true,',
        '"Output":{"model":"',
        {"Fn::GetAtt": ["Model", "ModelName"]},
        '","kept":"${Word}"}}}}',
    ]
    return {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {
            "DefinitionString": {"Fn::Join": ["", text]},
            "DefinitionSubstitutions": {"Word": "substituted"},
            "RoleArn": "arn:aws:iam::123456789012:role/workflow",
            "TracingConfiguration": {"Enabled": True},
            "LoggingConfiguration": {"Level": "ALL", "IncludeExecutionData": True},
        },
    }


def _template(key: str) -> str:
    return json.dumps(
        {
            "Mappings": {"Accounts": {"us-east-1": {"id": "763104351884"}}},
            "Resources": {
                "Workflow": _workflow(),
                "Policy": POLICY,
                "Bucket": BUCKET,
                "Model": _model(key),
            },
            "Outputs": {
                "Model": {"Value": {"Fn::GetAtt": ["Model", "ModelName"]}},
                "Workflow": {"Value": {"Ref": "Workflow"}},
                "Bucket": {"Value": {"Ref": "Bucket"}},
            },
        }
    )


class Stacks:
    """Deploys one template, and reads the result."""

    def __init__(self, client: Json) -> None:
        self.client = client
        self.count = 0

    def deploy(self, name: str, template: str, kind: str = "CREATE") -> Json:
        self.count += 1
        made = self.client.create_change_set(
            StackName=name,
            ChangeSetName=f"set-{self.count}",
            ChangeSetType=kind,
            TemplateBody=template,
        )
        self.client.execute_change_set(ChangeSetName=made["Id"])
        stack = self.client.describe_stacks(StackName=made["StackId"])["Stacks"][0]
        outputs = {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])}
        return {"status": stack["StackStatus"], "id": made["StackId"]} | outputs


@pytest.fixture(scope="module")
def stacks(session: boto3.Session, sandbox: Sandbox, s3: S3Client) -> Stacks:
    s3.create_bucket(Bucket="stack-models")
    for key in ("1.tar.gz", "2.tar.gz"):
        s3.put_object(Bucket="stack-models", Key=key, Body=b"model")
    return Stacks(session.client("cloudformation", endpoint_url=sandbox.endpoint_url))


@pytest.fixture(scope="module")
def stack(stacks: Stacks) -> Json:
    made = stacks.deploy("whole", _template("1.tar.gz"))
    assert made["status"] == "CREATE_COMPLETE"
    return made


@pytest.fixture(scope="module")
def sagemaker(session: boto3.Session, sandbox: Sandbox) -> Json:
    return session.client("sagemaker", endpoint_url=sandbox.endpoint_url)


def test_a_model_is_what_its_template_says(stack: Json, sagemaker: Json) -> None:
    model = sagemaker.describe_model(ModelName=stack["Model"])
    assert model["PrimaryContainer"] == {
        "Image": "763104351884.dkr.ecr.us-east-1.amazonaws.com/image:tag",
        "ModelDataUrl": "s3://stack-models/1.tar.gz",
        "Environment": {"SETTING": '{"a": "b"}'},
    }
    assert model["EnableNetworkIsolation"] is True
    assert model["VpcConfig"] == {"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}
    assert model["ExecutionRoleArn"] == "arn:aws:iam::123456789012:role/models"


def test_a_state_machine_is_what_its_template_says(stack: Json, stepfunctions: SFNClient) -> None:
    machine = stepfunctions.describe_state_machine(stateMachineArn=stack["Workflow"])
    output = json.loads(machine["definition"])["States"]["A"]["Output"]
    assert output == {"model": stack["Model"], "kept": "substituted"}
    assert machine["tracingConfiguration"] == {"enabled": True}
    assert machine["loggingConfiguration"]["level"] == "ALL"


def test_a_bucket_is_what_its_template_says(stack: Json, s3: S3Client) -> None:
    bucket = stack["Bucket"]
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert block["BlockPublicAcls"]
    (rule,) = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert (rule["ID"], rule["Expiration"]) == ("old", {"Days": 30})
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}


def test_a_policy_that_insists_on_tls_is_kept_and_does_not_lock_us_out(
    stack: Json, s3: S3Client
) -> None:
    policy = json.loads(s3.get_bucket_policy(Bucket=stack["Bucket"])["Policy"])
    assert policy["Statement"][0]["Effect"] == "Deny"
    s3.put_object(Bucket=stack["Bucket"], Key="k", Body=b"")
    s3.delete_object(Bucket=stack["Bucket"], Key="k")


def test_a_template_in_yaml_is_as_good(stacks: Stacks) -> None:
    template = """
        Resources:
          Bucket:
            Type: AWS::S3::Bucket
            Properties: {BucketName: !Sub "yaml-${AWS::AccountId}"}
        Outputs:
          Bucket:
            Value: !Ref Bucket
    """
    made = stacks.deploy("yaml", template)
    assert (made["status"], made["Bucket"]) == ("CREATE_COMPLETE", "yaml-123456789012")


def test_a_new_model_reaches_the_state_machine_that_names_it(
    stacks: Stacks, stepfunctions: SFNClient, sagemaker: Json
) -> None:
    before = stacks.deploy("moving", _template("1.tar.gz"))
    after = stacks.deploy("moving", _template("2.tar.gz"), "UPDATE")
    assert after["status"] == "UPDATE_COMPLETE"
    assert (after["Workflow"], after["Bucket"]) == (before["Workflow"], before["Bucket"])
    assert after["Model"] != before["Model"]
    machine = stepfunctions.describe_state_machine(stateMachineArn=after["Workflow"])
    assert after["Model"] in machine["definition"]
    with pytest.raises(ClientError, match="Could not find model"):
        sagemaker.describe_model(ModelName=before["Model"])


def test_a_replaced_model_stays_for_the_executions_that_name_it(
    stacks: Stacks, sagemaker: Json
) -> None:
    def keeping(key: str) -> str:
        template = json.loads(_template(key))
        template["Resources"]["Model"]["UpdateReplacePolicy"] = "Retain"
        return json.dumps(template)

    before = stacks.deploy("keeping", keeping("1.tar.gz"))
    after = stacks.deploy("keeping", keeping("2.tar.gz"), "UPDATE")
    assert after["Model"] != before["Model"]
    assert sagemaker.describe_model(ModelName=before["Model"])["ModelName"] == before["Model"]


def test_a_failed_update_goes_back_to_what_was(stacks: Stacks, sagemaker: Json) -> None:
    stacks.deploy("steady", _template("1.tar.gz"))
    after = stacks.deploy("steady", _template("missing.tar.gz"), "UPDATE")
    assert after["status"] == "UPDATE_ROLLBACK_COMPLETE"
    model = sagemaker.describe_model(ModelName=after["Model"])
    assert model["PrimaryContainer"]["ModelDataUrl"] == "s3://stack-models/1.tar.gz"


def test_a_deleted_stack_leaves_nothing_and_looking_at_it_makes_nothing(
    stacks: Stacks, s3: S3Client
) -> None:
    made = stacks.deploy("gone", _template("1.tar.gz"))
    stacks.client.delete_stack(StackName="gone")
    look = stacks.client.describe_stacks(StackName=made["id"])["Stacks"][0]
    assert look["StackStatus"] == "DELETE_COMPLETE"
    names = [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
    assert not [name for name in names if name.startswith("gone-")]


def test_a_topics_policy_is_the_templates_and_a_missing_parameter_is_named(
    session: boto3.Session, sandbox: Sandbox
) -> None:
    cloudformation = session.client("cloudformation", endpoint_url=sandbox.endpoint_url)
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": "*"}
    topic: Json = {
        "Topic": {"Type": "AWS::SNS::Topic"},
        "Policy": {
            "Type": "AWS::SNS::TopicPolicy",
            "Properties": {
                "Topics": [{"Ref": "Topic"}],
                "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]},
            },
        },
    }
    outputs = {"Arn": {"Value": {"Ref": "Topic"}}}
    template = {"Resources": topic, "Outputs": outputs}
    cloudformation.create_stack(StackName="told", TemplateBody=json.dumps(template))
    stack = cloudformation.describe_stacks(StackName="told")["Stacks"][0]
    arn = stack["Outputs"][0]["OutputValue"]
    sns = session.client("sns", endpoint_url=sandbox.endpoint_url)
    policy = json.loads(sns.get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"])
    assert policy["Statement"] == [statement]
    version = {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/not/bootstrapped"}
    with pytest.raises(ClientError, match=r"Unable to fetch parameters \[/not/bootstrapped\]"):
        cloudformation.create_stack(
            StackName="bare", TemplateBody=json.dumps(template | {"Parameters": {"V": version}})
        )


def test_a_keys_policy_is_the_templates_and_text(session: boto3.Session, sandbox: Sandbox) -> None:
    owner = {"AWS": "arn:aws:iam::123456789012:root"}
    statement = {"Effect": "Allow", "Principal": owner, "Action": "kms:*", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    key = {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": policy}}
    template = {"Resources": {"Key": key}, "Outputs": {"Id": {"Value": {"Ref": "Key"}}}}
    cloudformation = session.client("cloudformation", endpoint_url=sandbox.endpoint_url)
    cloudformation.create_stack(StackName="keyed", TemplateBody=json.dumps(template))
    stack = cloudformation.describe_stacks(StackName="keyed")["Stacks"][0]
    kms = session.client("kms", endpoint_url=sandbox.endpoint_url)
    found = kms.get_key_policy(KeyId=stack["Outputs"][0]["OutputValue"], PolicyName="default")
    assert json.loads(found["Policy"]) == policy


def test_an_update_keeps_previous_values_and_names_its_role(stacks: Stacks) -> None:
    declared = {name: {"Type": "String"} for name in ("One", "Two")}
    topic = {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "One"}}}
    template = json.dumps({"Parameters": declared, "Resources": {"Topic": topic}})
    first = [{"ParameterKey": name, "ParameterValue": "first"} for name in declared]
    stacks.client.create_stack(StackName="previous", TemplateBody=template, Parameters=first)
    role = "arn:aws:iam::123456789012:role/deployer"
    stacks.client.update_stack(
        StackName="previous",
        UsePreviousTemplate=True,
        RoleARN=role,
        Parameters=[
            {"ParameterKey": "One", "ParameterValue": "second", "UsePreviousValue": False},
            {"ParameterKey": "Two", "ParameterValue": "", "UsePreviousValue": True},
        ],
    )
    stacks.client.get_waiter("stack_update_complete").wait(
        StackName="previous", WaiterConfig={"Delay": 1}
    )
    (stack,) = stacks.client.describe_stacks(StackName="previous")["Stacks"]
    values = {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}
    assert (values, stack["RoleARN"]) == ({"One": "second", "Two": "first"}, role)


def _of_size(size: int) -> str:
    """A template of so many bytes."""
    empty = json.dumps({"Description": "", "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})
    return empty.replace('""', json.dumps("d" * (size - len(empty))))


def test_a_template_is_no_larger_than_cloudformation_takes(
    session: boto3.Session, sandbox: Sandbox
) -> None:
    client: CloudFormationClient = session.client(
        "cloudformation", endpoint_url=sandbox.endpoint_url
    )
    client.create_stack(StackName="at-the-limit", TemplateBody=_of_size(51_200))
    with pytest.raises(ClientError, match="length less than or equal to 51200"):
        client.create_stack(StackName="too-large", TemplateBody=_of_size(51_201))
    s3: S3Client = session.client("s3", endpoint_url=sandbox.endpoint_url)
    s3.create_bucket(Bucket="templates")
    for size in (1_000_000, 1_000_001):
        s3.put_object(Bucket="templates", Key=str(size), Body=_of_size(size).encode())
    url = f"{sandbox.endpoint_url}/templates"
    client.create_stack(StackName="by-url", TemplateURL=f"{url}/1000000")
    with pytest.raises(ClientError, match="may not exceed 1000000 bytes"):
        client.create_stack(StackName="too-large", TemplateURL=f"{url}/1000001")
