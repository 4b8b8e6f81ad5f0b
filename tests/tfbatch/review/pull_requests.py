"""Golden pull requests: real changes of this very app, and what a review must say of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.tfbatch.review.edits import (
    append,
    copy_model,
    edit_app,
    edit_stage,
    edit_workflow,
    replace,
    write,
)
from tfbatch.review.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FINE, ATTENTION, DESTRUCTIVE = Severity.FINE, Severity.ATTENTION, Severity.DESTRUCTIVE

BOTH = ("dev", "prod")
CONTAINER, STAGES = "stacks/tfbatch_cdk/settings/container.py", "stacks/stages.py"
STORAGE, SERVED = (
    "stacks/tfbatch_cdk/storage/buckets.py",
    "stacks/tfbatch_cdk/model/sagemaker_model.py",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class PullRequest:
    """A change, and what a review of it must find."""

    name: str
    change: Callable[[Path], None]
    verdict: Severity
    hurts: frozenset[str] = frozenset()
    """The rules of all findings under "What could hurt", and no others."""
    also: frozenset[str] = frozenset()
    """Rules of findings elsewhere that must be there."""
    says: tuple[str, ...] = ()
    """Texts that the comment must have."""
    empty: bool = False
    stages: tuple[str, ...] = ("prod",)
    """Those that are reviewed."""


def _worst(checkout: Path) -> None:
    """What nobody must overlook: buckets moved and opened, a role that may do all of S3."""
    _move_storage(checkout)
    _open_buckets(checkout)
    _allow_all_of_s3(checkout)
    edit_workflow(checkout, _NEW_STATE)
    edit_stage(checkout, "prod", compute='instance_types=("g5.12xlarge",), max_instances=64')


def _comment_only(checkout: Path) -> None:
    append(checkout, STORAGE, "\n# Nothing but a remark.\n")
    append(checkout, "README.md", "\nNothing but a remark.\n")


def _handler_line(checkout: Path) -> None:
    append(checkout, "model_code/inference.py", "\nA_NEW_LINE = 1\n")


def _vendored_package(checkout: Path) -> None:
    folder = "model_code/lib"
    write(checkout, f"{folder}/tinylib/__init__.py", "VALUE = 1\n")
    metadata = "Metadata-Version: 2.1\nName: tinylib\nVersion: 1.2.0\n"
    write(checkout, f"{folder}/tinylib-1.2.0.dist-info/METADATA", metadata)


def _new_model_version(checkout: Path) -> None:
    copy_model(checkout, "retrained", version="2")
    replace(
        checkout,
        STAGES,
        '"models/efficientnet-lite0"',
        '"models/retrained"',
    )


def _open_buckets(checkout: Path) -> None:
    replace(
        checkout,
        STORAGE,
        r"s3\.BlockPublicAccess\.BLOCK_ALL",
        "s3.BlockPublicAccess(block_public_acls=True, ignore_public_acls=True, "
        "block_public_policy=False, restrict_public_buckets=False)",
    )


def _anyone_reads(checkout: Path) -> None:
    edit_app(
        checkout,
        """
from aws_cdk import aws_iam as iam
data.data.output_bucket.add_to_resource_policy(
    iam.PolicyStatement(
        actions=["s3:GetObject"],
        principals=[iam.AnyPrincipal()],
        resources=[data.data.output_bucket.arn_for_objects("*")],
    )
)
""",
    )


def _retention_off(checkout: Path) -> None:
    replace(checkout, STAGES, r'name="prod",', 'name="prod",\n        retain_data=False,')


def _allow_all_of_s3(checkout: Path) -> None:
    replace(checkout, SERVED, r'"s3:GetObject", on=f"\{arn\}/\*"', '"s3:*", on=f"{arn}/*"')


def _condition_dropped(checkout: Path) -> None:
    replace(
        checkout,
        SERVED,
        r'service_principal\("sagemaker"\)',
        'iam.ServicePrincipal("sagemaker.amazonaws.com")',
    )


def _tls_dropped(checkout: Path) -> None:
    replace(checkout, STORAGE, "enforce_ssl=True", "enforce_ssl=False")


def _versions_off(checkout: Path) -> None:
    replace(checkout, STORAGE, "versioned=True", 'versioned=construct_id != "Output"')


def _expires_sooner(checkout: Path) -> None:
    replace(
        checkout,
        "stacks/tfbatch_cdk/settings/protection.py",
        r"access_log_days: int \| None = 365",
        "access_log_days: int | None = 30",
    )


def _encryption_off(checkout: Path) -> None:
    replace(
        checkout,
        STORAGE,
        r"encryption=s3\.BucketEncryption\.KMS if key .*bucket_key_enabled=key is not None",
        "encryption=s3.BucketEncryption.UNENCRYPTED",
    )


def _isolation_off(checkout: Path) -> None:
    replace(
        checkout, CONTAINER, "network_isolation: bool = True", "network_isolation: bool = False"
    )


_NEW_STATE = """
siblings["Wait for quiet hours"] = {"Type": "Wait", "Seconds": 60, "Next": name}
for _, _, state in list(states(found)):
    for way in [state, *state.get("Choices", [])]:
        if way.get("Next") == name and state is not siblings["Wait for quiet hours"]:
            way["Next"] = "Wait for quiet hours"
"""


def _new_state(checkout: Path) -> None:
    edit_workflow(checkout, _NEW_STATE)


def _state_renamed(checkout: Path) -> None:
    edit_workflow(
        checkout,
        """
siblings["Run the transform job"] = siblings.pop(name)
for machine, _, state in list(states(found)):
    for way in [state, *state.get("Choices", []), *state.get("Catch", [])]:
        for key in ("Next", "Default"):
            if way.get(key) == name:
                way[key] = "Run the transform job"
""",
    )


def _retry_changed(checkout: Path) -> None:
    edit_workflow(
        checkout,
        """
job["Retry"] = [
    {"ErrorEquals": ["SageMaker.ThrottlingException"], "IntervalSeconds": 7, "MaxAttempts": 9}
]
""",
    )


def _expression_changed(checkout: Path) -> None:
    edit_workflow(
        checkout,
        """
text = job["Arguments"] if isinstance(job["Arguments"], str) else None
if text is not None:
    job["Arguments"] = text.replace("'AssembleWith': 'Line'", "'AssembleWith': 'None'")
else:
    job["Arguments"]["TransformOutput"]["AssembleWith"] = "None"
""",
    )


def _safeguard_lost(checkout: Path) -> None:
    edit_workflow(checkout, 'del job["Catch"]')


def _instance_type(checkout: Path) -> None:
    edit_stage(checkout, "prod", compute='instance_types=("g5.12xlarge", "g5.xlarge")')


def _limit_raised(checkout: Path) -> None:
    edit_stage(checkout, "prod", compute="max_instances=64")


def _stage_added(checkout: Path) -> None:
    replace(
        checkout,
        STAGES,
        r"STAGES: tuple\[Stage, \.\.\.\] = \(",
        'STAGES: tuple[Stage, ...] = (\n    Stage(name="staging", models=(_DEMO_MODEL,), '
        "formats=_FORMATS),",
    )


def _move_storage(checkout: Path) -> None:
    replace(
        checkout,
        "stacks/tfbatch_cdk/batch_inference/data.py",
        r'Storage\(\s*self,\s*"Storage"',
        'Storage(self, "Buckets"',
    )


def _physical_name(checkout: Path) -> None:
    edit_app(
        checkout,
        """
data.data.input_bucket.node.default_child.add_property_override("BucketName", "the-new-name")
""",
    )


def _key_added(checkout: Path) -> None:
    edit_app(
        checkout,
        """
from aws_cdk import aws_kms as kms
kms.Key(data, "Key", enable_key_rotation=True)
""",
    )


def _hash_without_content(checkout: Path) -> None:
    replace(
        checkout,
        "stacks/tfbatch_cdk/model/artifact.py",
        r"return digest_of\([^\n]*",
        'return "7" * 64',
    )


def _packages_changed(checkout: Path) -> None:
    replace(checkout, "requirements/all.lock", r"\nboto3==[^ ]+", "\nboto3==1.0.0")


PULL_REQUESTS = (
    PullRequest(
        name="comment only",
        stages=BOTH,
        change=_comment_only,
        verdict=FINE,
        empty=True,
        says=("nothing that is deployed changes",),
    ),
    PullRequest(
        name="handler line",
        change=_handler_line,
        verdict=FINE,
        also=frozenset({"bundle-changed", "file-changed", "resource-replaced"}),
        says=("code/inference.py", "+A_NEW_LINE = 1", "PrimaryContainer can't change in place"),
    ),
    PullRequest(
        name="vendored package",
        change=_vendored_package,
        verdict=FINE,
        also=frozenset({"bundle-changed"}),
        says=("| package tinylib | — | `1.2.0` |",),
    ),
    PullRequest(
        name="new model version",
        change=_new_model_version,
        verdict=FINE,
        also=frozenset({"bundle-changed", "settings-changed"}),
        says=("| model version | `1` | `2` |", "models/retrained"),
    ),
    PullRequest(
        name="bucket may be public",
        change=_open_buckets,
        verdict=ATTENTION,
        hurts=frozenset({"bucket-public"}),
        says=("4 buckets may be made public", "public access possible"),
    ),
    PullRequest(
        name="anyone reads",
        change=_anyone_reads,
        verdict=ATTENTION,
        hurts=frozenset({"public-access"}),
        says=("Anyone on the internet gets access", "`s3:GetObject`", "open to anyone"),
    ),
    PullRequest(
        name="retention off",
        stages=BOTH,
        change=_retention_off,
        verdict=ATTENTION,
        hurts=frozenset(
            {
                "retention-lost",
                "termination-protection-lost",
                "permissions-added",
            }
        ),
        says=("are no longer kept", "retention lost", "(prod only)"),
    ),
    PullRequest(
        name="role gets all of S3",
        change=_allow_all_of_s3,
        verdict=ATTENTION,
        hurts=frozenset({"permissions-broadened"}),
        says=("may do more than before", "s3:* (", "deleting data", "permissions broadened"),
    ),
    PullRequest(
        name="condition dropped",
        change=_condition_dropped,
        verdict=ATTENTION,
        hurts=frozenset({"permissions-broadened"}),
        says=("if aws:SourceAccount StringEquals {AccountId}",),
    ),
    PullRequest(
        name="plain HTTP allowed",
        change=_tls_dropped,
        verdict=ATTENTION,
        hurts=frozenset({"denial-dropped"}),
        also=frozenset({"check-new"}),
        says=("AwsSolutions-S10", "no longer denied"),
    ),
    PullRequest(
        name="versions off",
        change=_versions_off,
        verdict=ATTENTION,
        hurts=frozenset({"retention-lost"}),
        says=("Bucket Storage/Output no longer keeps older versions",),
    ),
    PullRequest(
        name="logs expire sooner",
        change=_expires_sooner,
        verdict=ATTENTION,
        hurts=frozenset({"retention-lost"}),
        says=("forgets sooner: 365 days → 30 days",),
    ),
    PullRequest(
        name="encryption off",
        change=_encryption_off,
        verdict=ATTENTION,
        hurts=frozenset({"encryption-weakened"}),
        says=("3 buckets are encrypted less strictly",),
    ),
    PullRequest(
        name="network isolation off",
        change=_isolation_off,
        verdict=ATTENTION,
        hurts=frozenset({"network-isolation-off"}),
        says=("no longer isolated from the network", "| `yes` | `no` |"),
    ),
    PullRequest(
        name="new state",
        change=_new_state,
        verdict=FINE,
        also=frozenset({"workflow", "state-added", "state-changed"}),
        says=("Wait for quiet hours", "1 added", "+Seconds: 60", "classDef added"),
    ),
    PullRequest(
        name="state renamed",
        change=_state_renamed,
        verdict=FINE,
        also=frozenset({"workflow", "state-renamed"}),
        says=("is now called", "Run the transform job", "1 renamed"),
    ),
    PullRequest(
        name="retry changed",
        change=_retry_changed,
        verdict=FINE,
        also=frozenset({"workflow", "state-changed"}),
        says=("Retry changed", "MaxAttempts: 9"),
    ),
    PullRequest(
        name="expression changed",
        change=_expression_changed,
        verdict=FINE,
        also=frozenset({"workflow", "state-changed"}),
        says=("Arguments changed", "AssembleWith"),
    ),
    PullRequest(
        name="failures no longer caught",
        change=_safeguard_lost,
        verdict=ATTENTION,
        hurts=frozenset({"safeguard-lost"}),
        also=frozenset({"workflow", "state-changed"}),
        says=("has no Catch any more",),
    ),
    PullRequest(
        name="instance type",
        change=_instance_type,
        verdict=ATTENTION,
        also=frozenset({"cost-up", "settings-changed"}),
        says=(
            "USD per 100,000 records",
            "ml.g5.12xlarge",
            "1,000,000 records on ml.g5.12xlarge",
            "70 records a second",
        ),
    ),
    PullRequest(
        name="limit raised",
        change=_limit_raised,
        verdict=ATTENTION,
        hurts=frozenset({"limit-raised"}),
        also=frozenset({"settings-changed"}),
        says=("max&#95;instances 16 → 64", "4 times as much"),
    ),
    PullRequest(
        name="stage added",
        stages=("prod", "staging"),
        change=_stage_added,
        verdict=ATTENTION,
        hurts=frozenset({"stage-added"}),
        says=("Stage staging is new", "state machine"),
    ),
    PullRequest(
        name="construct moved",
        stages=BOTH,
        change=_move_storage,
        verdict=DESTRUCTIVE,
        hurts=frozenset({"stateful-moved", "stateful-moved-kept"}),
        says=(
            "4 buckets become new, empty ones, and their data is deleted",
            "override_logical_id",
            "There is no undo",
            "data of 4 lost",
        ),
    ),
    PullRequest(
        name="bucket renamed",
        stages=BOTH,
        change=_physical_name,
        verdict=DESTRUCTIVE,
        hurts=frozenset({"stateful-replaced", "stateful-replaced-kept"}),
        says=("BucketName can't be changed in place", "| BucketName | — | `the-new-name` |"),
    ),
    PullRequest(
        name="key added",
        change=_key_added,
        verdict=ATTENTION,
        hurts=frozenset({"permissions-broadened"}),
        also=frozenset({"resource-added", "cost-changed"}),
        says=("| each month, nothing run | `62.80 USD` | `63.80 USD` |",),
    ),
    PullRequest(
        name="hash without content",
        change=_hash_without_content,
        verdict=ATTENTION,
        hurts=frozenset({"hash-without-content"}),
        says=("has a new asset hash but the same files", "a bundling bug"),
    ),
    PullRequest(
        name="packages changed",
        change=_packages_changed,
        verdict=ATTENTION,
        also=frozenset({"packages-changed"}),
        says=("| boto3 |", "`1.0.0`"),
    ),
    PullRequest(
        name="worst",
        stages=BOTH,
        change=_worst,
        verdict=DESTRUCTIVE,
        hurts=frozenset(
            {
                "stateful-moved",
                "stateful-moved-kept",
                "bucket-public",
                "permissions-broadened",
                "limit-raised",
            }
        ),
        also=frozenset({"workflow", "cost-up"}),
        says=("Destructive", "data of 4 lost", "public access possible", "permissions broadened"),
    ),
)
