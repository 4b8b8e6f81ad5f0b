"""Models: what is kept of them, what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from tests.tfbatch_sandbox.services.conftest import Jobs
    from tfbatch_sandbox.services.json_type import Json

ROLE = "arn:aws:iam::123456789012:role/models"
CONTAINER: Json = {"Image": "image", "ModelDataUrl": "s3://stand-in/model.tar.gz"}


def test_isolation_network_and_tags_are_kept(jobs: Jobs) -> None:
    made = jobs.sagemaker.create_model(
        ModelName="kept",
        ExecutionRoleArn=ROLE,
        PrimaryContainer=CONTAINER,
        EnableNetworkIsolation=True,
        VpcConfig={"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]},
        Tags=[{"Key": "a", "Value": "b"}],
    )
    model = jobs.sagemaker.describe_model(ModelName="kept")
    assert model["EnableNetworkIsolation"]
    assert model["VpcConfig"]["Subnets"] == ["subnet-1"]
    assert "Tags" not in model
    tags = jobs.sagemaker.list_tags(ResourceArn=made["ModelArn"])["Tags"]
    assert tags == [{"Key": "a", "Value": "b"}]
    assert "kept" in [each["ModelName"] for each in jobs.sagemaker.list_models()["Models"]]


def test_a_second_model_of_a_name_is_refused(jobs: Jobs) -> None:
    jobs.sagemaker.create_model(ModelName="once-only", ExecutionRoleArn=ROLE)
    with pytest.raises(ClientError, match="Cannot create already existing model"):
        jobs.sagemaker.create_model(ModelName="once-only", ExecutionRoleArn=ROLE)
    jobs.sagemaker.delete_model(ModelName="once-only")
    jobs.sagemaker.create_model(ModelName="once-only", ExecutionRoleArn=ROLE)


def test_model_data_that_is_not_there_is_refused(jobs: Jobs) -> None:
    container: Json = {"Image": "image", "ModelDataUrl": "s3://stand-in/missing.tar.gz"}
    with pytest.raises(ClientError, match="Could not find model data at s3://stand-in/missing"):
        jobs.sagemaker.create_model(
            ModelName="no-data", ExecutionRoleArn=ROLE, PrimaryContainer=container
        )


def test_a_name_that_breaks_the_pattern_is_refused(jobs: Jobs) -> None:
    with pytest.raises(ClientError, match="'modelName' failed to satisfy constraint"):
        jobs.sagemaker.create_model(ModelName="under_score", ExecutionRoleArn=ROLE)


def test_tags_are_those_of_the_resource_whatever_region_is_asked(jobs: Jobs) -> None:
    arn = jobs.sagemaker.create_model(ModelName="tagged", ExecutionRoleArn=ROLE)["ModelArn"]
    elsewhere = boto3.client(
        "sagemaker",
        endpoint_url=jobs.sagemaker.meta.endpoint_url,
        region_name="eu-west-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",  # noqa: S106
    )
    elsewhere.add_tags(ResourceArn=arn, Tags=[{"Key": "a", "Value": "b"}])
    assert jobs.sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "a", "Value": "b"}]
    elsewhere.delete_tags(ResourceArn=arn, TagKeys=["a"])
    assert elsewhere.list_tags(ResourceArn=arn)["Tags"] == []
    for missing in (f"{arn}-not", arn.replace(":model/", ":no-kind/"), f"{arn}/a"):
        with pytest.raises(ClientError, match=r"ValidationException.*Could not find the resource"):
            elsewhere.add_tags(ResourceArn=missing, Tags=[{"Key": "a", "Value": "b"}])
