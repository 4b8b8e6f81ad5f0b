"""Tests of encryption at rest: the stage's key, its policy and its users."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from stacks.stages import stage_named
from tests.tfbatch_cdk.security.policies import actions, statements, text
from tests.tfbatch_cdk.test_templates import definition
from tfbatch_cdk.settings import Access, Compute, Protection

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.tfbatch_cdk.conftest import Assembly
    from tfbatch_cdk.settings import Stage

PUT = "s3:x-amz-server-side-encryption"
OURS = "arn:aws:kms:us-east-1:111122223333:key/ours"


def test_the_key_turns_every_year_and_outlives_its_stack_in_prod(prod: Assembly) -> None:
    ((_, key),) = prod.of_type("AWS::KMS::Key").items()
    assert key["Properties"]["EnableKeyRotation"] is True
    assert key["DeletionPolicy"] == "RetainExceptOnCreate"


def test_no_statement_of_the_key_lets_its_administrators_read_data(prod: Assembly) -> None:
    policy = {one["Sid"]: one for one in prod.one("AWS::KMS::Key")["KeyPolicy"]["Statement"]}
    assert not {
        action
        for action in actions(policy["AdministeredByTheAccount"])
        if action in {"kms:*", "kms:Decrypt", "kms:GenerateDataKey", "kms:CreateGrant"}
    }
    use = policy["UsedThroughS3AndSns"]["Condition"]["StringEquals"]
    assert use["kms:CallerAccount"] == {"Ref": "AWS::AccountId"}
    assert [name for name in ("s3.", "sns.") if name not in text(use["kms:ViaService"])] == []
    assert "kms:GrantIsForAWSResource" in text(policy["GrantedToTheVolumesOfJobs"])
    assert "log-group:tfbatch-prod-*" in text(policy["UsedByTheStagesLogGroups"])


def test_buckets_logs_and_notifications_use_the_key(prod: Assembly) -> None:
    for name, bucket in prod.of_type("AWS::S3::Bucket").items():
        (rule,) = bucket["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        wanted = "AES256" if "AccessLogs" in name else "aws:kms"
        assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == wanted
    groups = prod.of_type("AWS::Logs::LogGroup").values()
    assert all("EncryptionKey" in text(one["Properties"]["KmsKeyId"]) for one in groups)
    assert "EncryptionKey" in text(prod.one("AWS::SNS::Topic")["KmsMasterKeyId"])


def _is_denied(prod: Assembly, **headers: str) -> bool:
    """Whether the output bucket's policy denies a put with these headers, by IAM's rules."""
    policy = next(
        one["Properties"]["PolicyDocument"]["Statement"]
        for name, one in prod.of_type("AWS::S3::BucketPolicy").items()
        if name.startswith("StorageOutput")
    )
    return any(
        _holds(one["Condition"], headers) for one in policy if one["Action"] == "s3:PutObject"
    )


def _holds(condition: dict[str, dict[str, Any]], headers: dict[str, str]) -> bool:
    tests: dict[str, Callable[[str | None, Any], bool]] = {
        "Null": lambda value, wanted: (value is None) is (wanted == "true"),
        "StringEquals": lambda value, wanted: value == wanted,
        "StringNotEquals": lambda value, wanted: value != wanted,
        "ArnNotEquals": lambda value, wanted: (
            value != (wanted if isinstance(wanted, str) else OURS)
        ),
    }
    return all(
        tests[operator](headers.get(name.removeprefix(PUT).lstrip("-") or "algorithm"), wanted)
        for operator, keys in condition.items()
        for name, wanted in keys.items()
    )


def test_a_put_is_refused_when_it_asks_for_another_encryption_and_only_then(
    prod: Assembly,
) -> None:
    key = "aws-kms-key-id"
    assert not _is_denied(prod)  # gets the bucket's own
    assert not _is_denied(prod, algorithm="aws:kms", **{key: OURS})  # as Batch Transform writes
    assert _is_denied(prod, algorithm="AES256")
    assert _is_denied(prod, algorithm="aws:kms")  # S3's own key
    assert _is_denied(prod, algorithm="aws:kms", **{key: f"{OURS}-not"})
    assert _is_denied(prod, **{"customer-algorithm": "AES256"})


def test_who_touches_data_may_use_the_key_and_only_through_s3(prod: Assembly) -> None:
    for role in ("Model", "Plan", "Reconcile", "Summarize", "Workflow"):
        granted = [one for one in statements(prod, role) if "kms:Decrypt" in actions(one)]
        assert any("s3." in text(one["Condition"]["StringEquals"]) for one in granted), role
        assert all("kms:ViaService" in text(one["Condition"]) for one in granted), role
    for role in ("Stop", "Triggers", "Monitoring"):
        assert not [one for one in statements(prod, role) if "kms:Decrypt" in actions(one)]


def test_jobs_name_the_key_for_their_outputs_and_for_volumes_that_take_one(
    synth: Callable[[Stage], Assembly],
) -> None:
    types = ("g4dn.xlarge", "g5.xlarge", "g6e.xlarge", "p3.2xlarge", "c5.xlarge")
    stage = replace(stage_named("dev"), compute=Compute(instance_types=types))
    fixed = definition(synth(stage))["States"]["Read the stage"]["Assign"]["stage"]
    assert all("EncryptionKey" in one["output"]["KmsKeyId"] for one in fixed["formats"].values())
    takes = {kind for kind, more in fixed["resources"].items() if "VolumeKmsKeyId" in more}
    assert takes == {"ml.p3.2xlarge", "ml.c5.xlarge"}


def test_a_bucket_of_others_may_have_a_key_of_others(synth: Callable[[Stage], Assembly]) -> None:
    theirs = "arn:aws:kms:us-east-1:444455556666:key/theirs"
    protection = Protection(access=Access(further_keys=(theirs,)), network=None)
    assembly = synth(replace(stage_named("dev"), protection=protection))
    readers = [one for one in statements(assembly) if one["Resource"] == theirs]
    assert readers
    assert {action for one in readers for action in actions(one)} == {"kms:Decrypt"}


def test_without_a_key_of_its_own_a_stage_leaves_encryption_to_the_services(
    synth: Callable[[Stage], Assembly],
) -> None:
    protection = Protection(customer_key=False, network=None)
    assembly = synth(replace(stage_named("dev"), protection=protection))
    assert not assembly.of_type("AWS::KMS::Key")
    assert "kms:" not in text(assembly.inference)
